#pragma once
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "annals/core/timestamp.hpp"

/// PostgreSQL's binary forms: integers in network byte order.
namespace annals::postgres::wire {

/// What COPY's binary form begins with; 4 bytes of flags and 4 of the length of an extension follow.
inline constexpr std::string_view copy_signature{"PGCOPY\n\377\r\n\0", 11};

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

/// `to` has room for it.
inline void store(char* to, std::int32_t number) noexcept {
  const auto value = __builtin_bswap32(static_cast<std::uint32_t>(number));
  std::memcpy(to, &value, sizeof value);
}

/// A timestamptz; nothing for infinity and for times that do not fit into Timestamp.
[[nodiscard]] inline std::optional<Timestamp> load_timestamptz(const char* from) noexcept {
  const auto microseconds = load<std::int64_t>(from);
  constexpr auto range = std::numeric_limits<std::int64_t>{};
  if (microseconds == range.min() || microseconds > range.max() + timestamp_to_postgres(Timestamp{})) {
    return std::nullopt;
  }
  return timestamp_from_postgres(microseconds);
}

}  // namespace annals::postgres::wire
