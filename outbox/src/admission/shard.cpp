#include "annals/outbox/shard.hpp"

#include <fmt/format.h>

#include <charconv>
#include <optional>

#include "annals/core/error.hpp"

namespace annals::outbox {
namespace {

constexpr std::string_view of = "-of-";

std::optional<std::size_t> number(std::string_view text) {
  std::size_t value = 0;
  const auto* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || at != end) return std::nullopt;
  return value;
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
    const auto index = number(name.substr(slash + 1, middle - slash - 1));
    const auto count = number(name.substr(middle + of.size()));
    if (index && count) {
      ShardName parsed{.relay = std::string{name.substr(0, slash)}, .shard = {.index = *index, .count = *count}};
      if (*index >= 1 && *index <= *count && *count <= shards_max && shard_name(parsed.relay, parsed.shard) == name) {
        return parsed;
      }
    }
  }
  return {.relay = std::string{name}};
}

}  // namespace annals::outbox
