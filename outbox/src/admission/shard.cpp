#include "annals/outbox/shard.hpp"

#include <fmt/format.h>

#include <array>
#include <bit>
#include <limits>
#include <optional>

#include "annals/core/error.hpp"
#include "annals/core/text/number.hpp"

namespace annals::outbox {
namespace {

constexpr std::string_view of = "-of-";

/// The state of PostgreSQL's hash_bytes_extended() without a seed.
struct Lookup3 {
  explicit Lookup3(std::uint32_t size) { words.fill(0x9e3779b9U + size + 3923095U); }

  void mix() {
    auto& [a, b, c] = words;
    const auto step = [](std::uint32_t& x, std::uint32_t& y, std::uint32_t& z, int bits) {
      x -= z;
      x ^= std::rotl(z, bits);
      z += y;
    };
    step(a, b, c, 4);
    step(b, c, a, 6);
    step(c, a, b, 8);
    step(a, b, c, 16);
    step(b, c, a, 19);
    step(c, a, b, 4);
  }
  [[nodiscard]] std::uint64_t finish() {
    auto& [a, b, c] = words;
    const auto step = [](std::uint32_t& x, std::uint32_t y, int bits) {
      x ^= y;
      x -= std::rotl(y, bits);
    };
    step(c, b, 14);
    step(a, c, 11);
    step(b, a, 25);
    step(c, b, 16);
    step(a, c, 4);
    step(b, a, 14);
    step(c, b, 24);
    return std::uint64_t{b} << 32U | c;
  }

  std::array<std::uint32_t, 3> words{};
};

/// hashtextextended(text, 0)
std::uint64_t hash_of(std::string_view text) {
  constexpr std::size_t block = 12;
  Lookup3 state{static_cast<std::uint32_t>(text.size())};
  const auto add = [&](std::size_t place, char byte) {
    state.words.at(place / 4) += std::uint32_t{static_cast<std::uint8_t>(byte)} << (8 * (place % 4));
  };
  for (; text.size() >= block; text.remove_prefix(block)) {
    for (std::size_t i = 0; i < block; ++i) add(i, text[i]);
    state.mix();
  }
  // The lowest byte of the last word is the length's.
  for (std::size_t i = 0; i < text.size(); ++i) add(i < 8 ? i : i + 1, text[i]);
  return state.finish();
}

/// hashint8extended(number, 0), which is that of a smaller type for a number that fits into it.
std::uint64_t hash_of(std::int64_t number) {
  const auto high = static_cast<std::uint32_t>(static_cast<std::uint64_t>(number) >> 32U);
  const auto low = static_cast<std::uint32_t>(number);
  Lookup3 state{sizeof low};
  state.words[0] += low ^ (number >= 0 ? high : ~high);
  return state.finish();
}

}  // namespace

void require_valid(const Shard& shard) {
  if (shard.index >= 1 && shard.index <= shard.count && shard.count <= shards_max) return;
  throw invalid(fmt::format("shard {} of {} is none", shard.index, shard.count),
                fmt::format("a relay has 1 to {} shards, counted from 1", shards_max));
}

std::string shard_name(std::string_view relay, const Shard& shard) {
  if (shard.count == 1) return std::string{relay};
  return fmt::format("{}/{}{}{}", relay, shard.index, of, shard.count);
}

ShardName parse_shard_name(std::string_view name) {
  const auto slash = name.rfind('/');
  const auto middle = name.rfind(of);
  if (slash != std::string_view::npos && middle != std::string_view::npos && slash < middle) {
    const auto index = parse_number<std::size_t>(name.substr(slash + 1, middle - slash - 1));
    const auto count = parse_number<std::size_t>(name.substr(middle + of.size()));
    if (index && count) {
      ShardName parsed{.relay = std::string{name.substr(0, slash)}, .shard = {.index = *index, .count = *count}};
      if (*index >= 1 && *index <= *count && *count <= shards_max && shard_name(parsed.relay, parsed.shard) == name) {
        return parsed;
      }
    }
  }
  return {.relay = std::string{name}};
}

std::uint64_t shard_hash(std::string_view key, std::int64_t position) {
  const auto hash = key.empty() ? hash_of(position) : hash_of(key);
  return hash & std::uint64_t{std::numeric_limits<std::int64_t>::max()};
}

}  // namespace annals::outbox
