#include "annals/json/event_text.hpp"

#include <fmt/format.h>

#include <iterator>
#include <optional>

#include "annals/core/timestamp.hpp"
#include "annals/json/base64.hpp"
#include "annals/json/metadata.hpp"
#include "annals/json/scanner.hpp"
#include "annals/json/string.hpp"

namespace annals::json {
namespace {

std::optional<std::string> json_data(const RecordedEvent& event) {
  if (event.content_type != ContentType::json) return std::nullopt;
  try {
    return compact(event.data);
  } catch (const Malformed&) {
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

std::string event_text(const RecordedEvent& event) {
  auto line = fmt::format(R"({{"position":{},"stream":)", event.position.value());
  append_string(line, event.stream.view());
  fmt::format_to(std::back_inserter(line), R"(,"version":{},"id":"{}","type":)", event.version.value(),
                 event.id.to_string());
  append_string(line, event.type);
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

}  // namespace annals::json
