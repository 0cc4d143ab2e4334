#include "annals/postgres/log_table.hpp"

#include <algorithm>
#include <functional>
#include <utility>

#include "annals/postgres/message_log.hpp"

namespace annals::postgres {
namespace {

/// PostgreSQL's limit on the name of a channel.
constexpr std::size_t channel_bytes_max = 63;

}  // namespace

std::string bell_channel(std::string relation) {
  const auto plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  std::replace_if(relation.begin(), relation.end(), std::not_fn(plain), '_');
  return ("annals_" + relation).substr(0, channel_bytes_max);
}

std::string bell_name(const std::string& relation) { return "annals:bell:" + relation; }

LogTable log_table(std::string relation, std::string select, std::string position, std::string horizon) {
  auto bell = bell_name(relation);
  auto channel = bell_channel(relation);
  return {std::move(relation),
          std::move(select),
          std::move(position),
          std::move(horizon),
          std::move(bell),
          std::move(channel),
          {}};
}

LogTable log_table(const MessageLog& log) {
  auto table = log_table(log.relation, log.select, log.position, log.horizon);
  table.rows = log.rows;
  return table;
}

}  // namespace annals::postgres
