#pragma once
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "annals/core/codec.hpp"

namespace annals {

namespace json {

/// Throws Error{invalid} unless `text`, which an application made of a value, is one JSON value (RFC 8259).
void require_json(std::string_view text);
/// Throws Error{corrupt} unless `data`, which was stored, says to be and is one JSON value.
void require_stored_json(ContentType content_type, std::string_view data);

}  // namespace json

/// A codec for any type that the application can write to and read from JSON text with the library of its choice. What does
/// not parse is neither stored nor given to `from_json`: not what to_json() glued together wrongly, nor the bytes of another
/// content type. Numbers keep their digits: nothing is interpreted here.
///
/// Thread safety  that of both functions, which must be thread-safe.
/// Errors         encode: Error{invalid} at the first byte that is no JSON; decode: Error{corrupt}; and what the functions throw.
/// Limits         json::depth_max.
template <class T>
[[nodiscard]] Codec<T> json_codec(std::function<std::string(const T&)> to_json,
                                  std::function<T(std::string_view)> from_json) {
  return {ContentType::json,
          [write = std::move(to_json)](const T& value) {
            auto text = write(value);
            json::require_json(text);
            return text;
          },
          [read = std::move(from_json)](ContentType content_type, std::string_view data) {
            json::require_stored_json(content_type, data);
            return read(data);
          }};
}

}  // namespace annals
