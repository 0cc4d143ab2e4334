#include "annals/core/content_type.hpp"

#include <fmt/format.h>

#include "annals/core/error.hpp"

namespace annals {

std::string_view media_type(ContentType type) noexcept {
  switch (type) {
    case ContentType::json: return "application/json";
    case ContentType::protobuf: return "application/protobuf";
    case ContentType::octet_stream: break;
  }
  return "application/octet-stream";
}

std::optional<ContentType> parse_media_type(std::string_view text) noexcept {
  text = text.substr(0, text.find(';'));
  if (text == "application/json") return ContentType::json;
  if (text == "application/protobuf" || text == "application/x-protobuf") return ContentType::protobuf;
  if (text == "application/octet-stream") return ContentType::octet_stream;
  return std::nullopt;
}

ContentType content_type_from_code(std::int16_t code) {
  if (code < 0 || code > 2) {
    throw Error{ErrorKind::corrupt,
                fmt::format("content type {} is unknown", code),
                {.hint = "a newer Annals wrote this row: upgrade"}};
  }
  return static_cast<ContentType>(code);
}

}  // namespace annals
