#include <fmt/format.h>

#include <cstdlib>
#include <string_view>

#include "annals/core/clock.hpp"
#include "annals_cli_sql.hpp"
#include "cli/doctor/check.hpp"

namespace annals::cli {
namespace {

constexpr int server_version_min = 130000;  // pg_current_xact_id
constexpr std::int64_t clock_difference_max_ms = 2000;

std::int64_t now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(SystemClock{}.now().time_since_epoch()).count();
}

Check check_version(const postgres::Connection& connection, const std::string& version, bool in_recovery) {
  if (connection.server_version() < server_version_min) {
    return {"server", Level::fail, "PostgreSQL " + version, "upgrade to PostgreSQL 13 or later"};
  }
  if (in_recovery) {
    return {"server", Level::warn, fmt::format("PostgreSQL {}, a standby: read-only", version),
            "connect to the primary (target_session_attrs=read-write)"};
  }
  return {"server", Level::ok, "PostgreSQL " + version};
}

/// The server's clock was read between the two local times, so half the round trip is the error.
Check check_clock(std::int64_t before, std::int64_t server, std::int64_t after) {
  const auto difference = server - (before + after) / 2;
  if (std::abs(difference) <= clock_difference_max_ms + (after - before)) {
    return {"clock", Level::ok, fmt::format("differs from this machine's by {} ms", difference)};
  }
  return {"clock", Level::warn,
          fmt::format("the server's clock is {} ms {} this machine's", std::abs(difference),
                      difference > 0 ? "ahead of" : "behind"),
          "synchronise both (NTP); times of events and ages will mislead, order will not"};
}

Check check_setting(std::string_view name, std::string_view value, std::string_view danger) {
  if (value != "off") return {std::string{name}, Level::ok, std::string{value}};
  return {std::string{name}, Level::warn, fmt::format("off: {}", danger), fmt::format("set {} = on", name)};
}

Check check_wal_level(const std::string& value) {
  if (value == "minimal") {
    return {"wal_level", Level::warn, "minimal: no standby and no point-in-time recovery", "set wal_level = replica"};
  }
  return {"wal_level", Level::ok, value == "logical" ? value : value + " (reading the WAL would need logical)"};
}

Check check_prepared_limit(int value) {
  if (value == 0) return {"max_prepared_transactions", Level::ok, "0: none can be forgotten"};
  return {"max_prepared_transactions", Level::ok,
          fmt::format("{}: a prepared transaction that appended holds readers back until it is ended", value)};
}

}  // namespace

void check_server(postgres::Connection& connection, Checks& checks) {
  const auto before = now_ms();
  const auto row = connection.query(std::string{sql::doctor_server});
  const auto after = now_ms();
  checks.push_back(check_version(connection, row.text(0, 0), row.boolean(0, 1)));
  checks.push_back(check_clock(before, row.bigint(0, 2), after));
  checks.push_back(check_setting("fsync", row.bytes(0, 3), "a crash of the machine may destroy the database"));
  checks.push_back(check_setting("full_page_writes", row.bytes(0, 4), "a crash may leave torn pages"));
  checks.push_back(check_setting("synchronous_commit", row.bytes(0, 5),
                                 "a crash loses commits that were reported, and may have been published already"));
  checks.push_back(check_wal_level(row.text(0, 6)));
  checks.push_back(check_prepared_limit(row.integer(0, 7)));
}

}  // namespace annals::cli
