#include "relay/lag_watch.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "annals/core/error.hpp"
#include "annals/outbox/status.hpp"
#include "annals/postgres/connection.hpp"
#include "relay/database.hpp"
#include "relay/settings/message_logs.hpp"
#include "relay/upkeep/stoppable_wait.hpp"

namespace annals::relayd {
void LagWatch::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    try {
      watch(stop);
    } catch (const std::exception& error) {
      // The sources say what is wrong with the database; this is for those who look closer.
      log_.write_limited(host::Level::debug, "lag unknown", {{"reason", error.what()}});
    }
    forget();
    wait(stop, interval);
  }
}

void LagWatch::watch(const std::stop_token& stop) {
  postgres::Connection connection{database_of(config_)};
  const auto application = connection.query("SELECT pg_catalog.current_setting('application_name')").text(0, 0);
  while (!stop.stop_requested()) {
    look(connection, application);
    wait(stop, interval);
  }
}

void LagWatch::look(postgres::Connection& connection, std::string_view application) {
  const auto all = outbox::read_relay_status(connection, message_logs(config_));
  for (const auto& unit : units_.all()) {
    const auto own = std::find_if(all.begin(), all.end(), [&](const outbox::RelayStatus& status) {
      return status.log == unit->log && status.relay == unit->relay;
    });
    const auto* status = own == all.end() ? nullptr : &*own;
    unit->metrics->lag(status);
    const auto owner = outbox::find_relay_owner(connection, *find_message_log(unit->log, config_), unit->relay);
    auto fault = unit->standby.fault({owner, status}, application, std::chrono::steady_clock::now());
    unit->metrics->standby_fault(unit->health->snapshot().phase == Phase::standby && !fault.empty());
    unit->health->set_standby_fault(std::move(fault));
  }
}

void LagWatch::forget() {
  for (const auto& unit : units_.all()) {
    unit->metrics->lag(nullptr);
    unit->metrics->standby_fault(std::nullopt);
    unit->health->set_standby_fault(std::string{SourceHealth::unknown_owner});
  }
}

}  // namespace annals::relayd
