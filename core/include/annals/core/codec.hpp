#pragma once
#include <functional>
#include <string>
#include <string_view>

#include "annals/core/content_type.hpp"

namespace annals {

/// How values of T become bytes and come back. Both functions must be thread-safe and throw on bad input.
template <class T>
struct Codec {
  ContentType content_type = ContentType::octet_stream;  ///< what encode() makes
  std::function<std::string(const T&)> encode;
  std::function<T(ContentType, std::string_view)> decode;
};

/// A codec for any type that the application can write to and read from JSON text with the library of its choice.
template <class T>
[[nodiscard]] Codec<T> json_codec(std::function<std::string(const T&)> to_json,
                                  std::function<T(std::string_view)> from_json) {
  return {ContentType::json, std::move(to_json),
          [read = std::move(from_json)](ContentType, std::string_view data) { return read(data); }};
}

}  // namespace annals
