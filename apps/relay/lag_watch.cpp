#include "relay/lag_watch.hpp"

#include <algorithm>
#include <condition_variable>
#include <mutex>

#include "annals/core/error.hpp"
#include "annals/outbox/status.hpp"
#include "annals/postgres/connection.hpp"
#include "relay/database.hpp"

namespace annals::relayd {
namespace {

void wait(const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock{mutex};
  wake.wait_for(lock, stop, LagWatch::interval, [] { return false; });
}

}  // namespace

void LagWatch::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    try {
      watch(stop);
    } catch (const std::exception& error) {
      // The sources say what is wrong with the database; this is for those who look closer.
      log_.write_limited(host::Level::debug, "lag unknown", {{"reason", error.what()}});
    }
    forget();
    wait(stop);
  }
}

void LagWatch::watch(const std::stop_token& stop) {
  postgres::Connection connection{database_of(config_)};
  while (!stop.stop_requested()) {
    const auto all = outbox::read_relay_status(connection, config_.database.schema);
    for (const auto& [table, metrics] : metrics_) {
      const auto own = std::find_if(all.begin(), all.end(), [&, wanted = table](const outbox::RelayStatus& status) {
        return status.table == wanted && status.relay == config_.relay.name;
      });
      metrics->lag(own == all.end() ? nullptr : &*own);
    }
    wait(stop);
  }
}

void LagWatch::forget() {
  for (const auto& [table, metrics] : metrics_) metrics->lag(nullptr);
}

}  // namespace annals::relayd
