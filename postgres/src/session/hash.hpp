#pragma once
#include <cstdint>
#include <string_view>

namespace annals::postgres {

/// FNV-1a, 64 bits: advisory lock keys must be the same in every process and build.
[[nodiscard]] constexpr std::int64_t stable_hash(std::string_view text) noexcept {
  std::uint64_t hash = 0xCBF29CE484222325ULL;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3ULL;
  return static_cast<std::int64_t>(hash);
}

}  // namespace annals::postgres
