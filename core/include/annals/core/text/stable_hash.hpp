#pragma once
#include <cstdint>
#include <string_view>

namespace annals {

/// FNV-1a, 64 bits: the same in every process and build, so its values may be stored and shared. Against accidents, not against people: whoever
/// chooses the bytes can choose the hash.
///
/// Lifecycle      construct -> add() … -> value(), at any time.
/// Thread safety  as a value's.
class StableHash {
 public:
  constexpr StableHash& add(std::string_view bytes) noexcept {
    for (const char c : bytes) add_byte(static_cast<std::uint8_t>(c));
    return *this;
  }
  /// Its eight bytes, the lowest first.
  constexpr StableHash& add_number(std::uint64_t number) noexcept {
    for (int i = 0; i < 8; ++i, number >>= 8U) add_byte(static_cast<std::uint8_t>(number));
    return *this;
  }
  constexpr StableHash& add_byte(std::uint8_t byte) noexcept {
    value_ = (value_ ^ byte) * 0x100000001B3ULL;
    return *this;
  }

  [[nodiscard]] constexpr std::uint64_t value() const noexcept { return value_; }
  /// Both halves in one.
  [[nodiscard]] constexpr std::uint32_t folded() const noexcept {
    return static_cast<std::uint32_t>(value_ ^ value_ >> 32U);
  }

 private:
  std::uint64_t value_ = 0xCBF29CE484222325ULL;
};

/// Of a whole text, as PostgreSQL's bigint has it: for the keys of advisory locks.
[[nodiscard]] constexpr std::int64_t stable_hash(std::string_view text) noexcept {
  return static_cast<std::int64_t>(StableHash{}.add(text).value());
}

}  // namespace annals
