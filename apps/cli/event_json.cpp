#include "event_json.hpp"

#include <fmt/format.h>

#include <iterator>
#include <optional>

#include "annals/core/timestamp.hpp"
#include "base64.hpp"
#include "json_scanner.hpp"
#include "json_string.hpp"
#include "metadata_json.hpp"

namespace annals::cli {
namespace {

std::optional<std::string> json_data(const RecordedEvent& event) {
  if (event.content_type != ContentType::json) return std::nullopt;
  try {
    return compact_json(event.data);
  } catch (const JsonError&) {
    return std::nullopt;
  }
}

void append_data(std::string& line, const RecordedEvent& event) {
  if (const auto json = json_data(event)) {
    line.append(",\"data\":").append(*json);
  } else {
    fmt::format_to(std::back_inserter(line), R"(,"data_base64":"{}","content_type":"{}")", encode_base64(event.data),
                   media_type(event.content_type));
  }
}

}  // namespace

std::string event_json(const RecordedEvent& event) {
  auto line = fmt::format(R"({{"position":{},"stream":)", event.position.value());
  append_json_string(line, event.stream.view());
  fmt::format_to(std::back_inserter(line), R"(,"version":{},"id":"{}","type":)", event.version.value(),
                 event.id.to_string());
  append_json_string(line, event.type);
  append_data(line, event);
  if (const auto metadata = write_metadata(event.metadata); !metadata.empty()) {
    line.append(",\"metadata\":").append(metadata);
  }
  fmt::format_to(std::back_inserter(line), R"(,"time":"{}"}})", format_timestamp(event.time()));
  return line;
}

std::string data_text(const RecordedEvent& event) {
  if (auto json = json_data(event)) return *std::move(json);
  return fmt::format("{} {}", media_type(event.content_type), encode_base64(event.data));
}

}  // namespace annals::cli
