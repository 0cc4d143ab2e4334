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

}  // namespace annals
