#include "annals/core/reserved_headers.hpp"

#include <algorithm>

namespace annals {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool equal_ignoring_case(std::string_view left, std::string_view right) {
  return std::ranges::equal(left, right, {}, lower, lower);
}

}  // namespace

bool is_reserved_header(std::string_view name) noexcept {
  return equal_ignoring_case(name.substr(0, reserved_header_prefix.size()), reserved_header_prefix) ||
         std::ranges::any_of(reserved_header_names, [&](auto reserved) { return equal_ignoring_case(name, reserved); });
}

Metadata without_reserved(Metadata metadata) {
  std::erase_if(metadata.headers, [](const auto& header) { return is_reserved_header(header.first); });
  return metadata;
}

}  // namespace annals
