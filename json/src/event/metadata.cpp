#include "annals/json/metadata.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <vector>

#include "annals/core/error.hpp"
#include "annals/core/limits.hpp"
#include "annals/core/text.hpp"
#include "annals/json/scanner.hpp"
#include "annals/json/string.hpp"

namespace annals::json {
namespace {

struct Field {
  std::string_view name;
  std::string Metadata::*member;
};

constexpr Field fields[] = {{"correlation_id", &Metadata::correlation_id},
                            {"causation_id", &Metadata::causation_id},
                            {"traceparent", &Metadata::traceparent},
                            {"tracestate", &Metadata::tracestate}};

/// The headers and the fields, and some, so that the one that is too many is named.
constexpr std::size_t members_max = limits::header_count_max + 16;

bool is_string(std::string_view json) noexcept { return json.starts_with('"'); }

Error bad_metadata(std::string_view name, std::string_view what, const std::string& hint) {
  return invalid(fmt::format("metadata member \"{}\" {}", printable(name), what), hint);
}

/// The field that a member fills; none when it is a header. A field is filled once.
std::string* field_for(Metadata& metadata, std::string_view name) {
  for (const auto& field : fields) {
    if (field.name == name && (metadata.*field.member).empty()) return &(metadata.*field.member);
  }
  return nullptr;
}

void require_distinct(const Metadata& metadata, std::string_view name) {
  const auto count = std::count_if(metadata.headers.begin(), metadata.headers.end(),
                                   [&](const auto& header) { return header.first == name; });
  if (count > 1) {
    throw bad_metadata(name, "appears twice and is not a string",
                       "give values that are not strings a name of their own");
  }
}

std::string json_list(const std::vector<std::string>& names) {
  std::string list = "[";
  for (const auto& name : names) {
    if (list.size() > 1) list += ',';
    append_string(list, name);
  }
  return list + "]";
}

/// Names whose values are JSON text. A header of that name which holds no such list is a header like any other.
std::set<std::string, std::less<>> read_list(std::string_view list) {
  std::set<std::string, std::less<>> names;
  try {
    for (const auto element : elements(list, members_max)) {
      if (!is_string(element)) return {};
      names.insert(decode_string(element));
    }
  } catch (const Malformed&) {
    return {};
  }
  return names;
}

std::set<std::string, std::less<>> json_names(const Metadata& metadata) {
  for (const auto& [name, value] : metadata.headers) {
    if (name == json_headers_name) return read_list(value);
  }
  return {};
}

bool is_compact_json(std::string_view text) {
  try {
    return compact(text) == text;
  } catch (const Malformed&) {
    return false;
  }
}

void append_member(std::string& object, std::string_view name, std::string_view json) {
  object += object.empty() ? '{' : ',';
  append_string(object, name);
  object += ':';
  object += json;
}

}  // namespace

Metadata read_metadata(std::string_view json_object) {
  Metadata metadata;
  std::vector<std::string> raw_names;
  for (auto& [name, text] : members(json_object, members_max)) {
    if (auto* field = field_for(metadata, name)) {
      if (!is_string(text)) throw bad_metadata(name, "is not a string", "write it in quotes");
      *field = decode_string(text);
      continue;
    }
    if (metadata.headers.size() == limits::header_count_max) {
      throw bad_metadata(name, "is one too many", fmt::format("at most {} are allowed", limits::header_count_max));
    }
    if (!is_string(text)) raw_names.push_back(name);
    metadata.headers.emplace_back(std::move(name), is_string(text) ? decode_string(text) : compact(text));
  }
  for (const auto& name : raw_names) require_distinct(metadata, name);
  if (raw_names.empty()) return metadata;
  metadata.headers.emplace_back(json_headers_name, json_list(raw_names));
  require_distinct(metadata, json_headers_name);
  return metadata;
}

std::string write_metadata(const Metadata& metadata) {
  std::string object;
  for (const auto& field : fields) {
    const auto& value = metadata.*field.member;
    if (!value.empty()) append_member(object, field.name, as_string(value));
  }
  const auto raw_names = json_names(metadata);
  for (const auto& [name, value] : metadata.headers) {
    if (name == json_headers_name && !raw_names.empty()) continue;
    const bool raw = raw_names.contains(name) && !is_string(value) && is_compact_json(value);
    append_member(object, name, raw ? value : as_string(value));
  }
  return object.empty() ? object : object + "}";
}

}  // namespace annals::json
