#include "annals/postgres/log_table.hpp"

#include "session/hash.hpp"

namespace annals::postgres {

std::int64_t bell_key(const std::string& relation) noexcept { return stable_hash("annals:bell:" + relation); }

std::string bell_channel(const std::string& relation) {
  auto channel = "annals_" + relation;
  for (auto& c : channel) {
    if (c == '.') c = '_';
  }
  return channel.substr(0, 63);
}

LogTable log_table(std::string relation, std::string select, std::string position) {
  const auto key = bell_key(relation);
  auto channel = bell_channel(relation);
  return {std::move(relation), std::move(select), std::move(position), key, std::move(channel)};
}

}  // namespace annals::postgres
