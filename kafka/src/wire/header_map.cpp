#include "wire/header_map.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <new>

#include "annals/core/assert.hpp"
#include "annals/core/limits.hpp"
#include "annals/core/reserved_headers.hpp"
#include "annals/core/text.hpp"
#include "annals/outbox/claim.hpp"

namespace annals::kafka {
namespace {

constexpr std::size_t an_attribute_max = 64;  ///< its lengths and what does not count with the message
constexpr std::string_view debezium_id = "id";

}  // namespace

void add_header(rd_kafka_headers_t& headers, std::string_view name, std::string_view value) {
  const auto error = rd_kafka_header_add(&headers, name.data(), static_cast<ssize_t>(name.size()), value.data(),
                                         static_cast<ssize_t>(value.size()));
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) throw std::bad_alloc{};
}

std::string_view why_reserved(std::string_view header, Encoding encoding) noexcept {
  if (is_reserved_header(header)) return "the sink makes it from what the message says of itself";
  if (header == value_schema_header || header == key_schema_header) {
    return "readers with a schema registry take it for the id of a schema";
  }
  if (encoding == Encoding::debezium && header == debezium_id) return "Debezium's readers find the event's id in it";
  return {};
}

HeaderMap::HeaderMap(const EncodingRule& rule) : rule_(rule) {
  if (rule.encoding == Encoding::debezium) attributes_.emplace_back(Attribute::id, debezium_id);
  for (const auto& [name, header] : rule.attributes) {
    const auto attribute = find_attribute(name);
    ANNALS_ASSERT(attribute.has_value());  // require_valid()
    attributes_.emplace_back(*attribute, header);
  }
  for (const auto& [attribute, header] : attributes_) bytes_max_ += an_attribute_max + header.size();
  for (const auto& [name, value] : rule.add) bytes_max_ += an_attribute_max + name.size() + value.size();
  bytes_max_ += rule.rename.size() * limits::header_name_bytes_max;
}

void HeaderMap::add_to(rd_kafka_headers_t& headers, const outbox::MessageView& message, std::string_view source) const {
  for (const auto& [attribute, header] : attributes_) {
    const auto text = attribute_text(attribute, message, source);
    if (!text.empty()) add_header(headers, header, text);
  }
  add_trace(headers, message);
  add_own(headers, message);
  for (const auto& constant : rule_.add) {
    const bool brought = std::ranges::any_of(
        message.headers, [&](const auto& own) { return !drops(own.first) && new_name(own.first) == constant.first; });
    if (!brought) add_header(headers, constant.first, constant.second);
  }
  if (!message.claim.empty()) add_header(headers, outbox::claim_header, message.claim);
}

void HeaderMap::add_trace(rd_kafka_headers_t& headers, const outbox::MessageView& message) const {
  if (!message.traceparent.empty() && !drops("traceparent")) add_header(headers, "traceparent", message.traceparent);
  if (!message.tracestate.empty() && !drops("tracestate")) add_header(headers, "tracestate", message.tracestate);
}

void HeaderMap::add_own(rd_kafka_headers_t& headers, const outbox::MessageView& message) const {
  for (const auto& [own, value] : message.headers) {
    if (drops(own)) continue;
    const auto name = new_name(own);
    if (name.empty() || writes(name)) {
      throw refused(
          fmt::format("header {} of the message at position {} is made by the sink", printable(own), message.position),
          "give it another name, or rename or drop it in the topic's encoding");
    }
    add_header(headers, name, value);
  }
}

bool HeaderMap::drops(std::string_view name) const { return std::ranges::find(rule_.drop, name) != rule_.drop.end(); }

std::string_view HeaderMap::new_name(std::string_view name) const {
  const auto found = std::ranges::find(rule_.rename, name, &std::pair<std::string, std::string>::first);
  return found == rule_.rename.end() ? name : std::string_view{found->second};
}

bool HeaderMap::writes(std::string_view name) const {
  return is_reserved_header(name) || (rule_.framing == Framing::header && name == value_schema_header) ||
         std::ranges::any_of(attributes_, [&](const auto& written) { return written.second == name; });
}

}  // namespace annals::kafka
