#include "session/lease.hpp"

#include <fmt/format.h>

#include "annals/core/error.hpp"
#include "annals/postgres/sql_text.hpp"
#include "annals_postgres_sql.hpp"

namespace annals::postgres {

std::string peer_settings(const Database& database) {
  using namespace std::chrono_literals;
  const auto lease = database.ownership_lease;
  if (lease < 1s || lease > 1h) {
    throw invalid(fmt::format("ownership_lease is {} ms", lease.count()), "give it from 1 second to 1 hour");
  }
  const auto times = peer_times(lease);
  return render(sql::peer_settings, {{"idle_s", std::to_string(times.idle.count())},
                                     {"interval_s", std::to_string(times.interval.count())},
                                     {"unacknowledged_ms", std::to_string(times.unacknowledged.count())},
                                     {"check_ms", std::to_string(times.check.count())}});
}

}  // namespace annals::postgres
