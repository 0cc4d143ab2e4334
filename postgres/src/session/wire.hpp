#pragma once
#include <cstdint>
#include <cstring>
#include <string>
#include <type_traits>

/// PostgreSQL's binary forms: integers in network byte order.
namespace annals::postgres::wire {

template <class Int>
[[nodiscard]] Int load(const char* from) noexcept {
  std::make_unsigned_t<Int> value{};
  std::memcpy(&value, from, sizeof value);
  if constexpr (sizeof value == 2) value = __builtin_bswap16(value);
  if constexpr (sizeof value == 4) value = __builtin_bswap32(value);
  if constexpr (sizeof value == 8) value = __builtin_bswap64(value);
  return static_cast<Int>(value);
}

template <class Int>
void append(std::string& out, Int number) {
  for (int shift = static_cast<int>(sizeof number) * 8 - 8; shift >= 0; shift -= 8) {
    out += static_cast<char>(static_cast<std::make_unsigned_t<Int>>(number) >> shift & 0xFF);
  }
}

}  // namespace annals::postgres::wire
