#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "annals/core/quote.hpp"
#include "annals/core/text.hpp"
#include "annals/postgres/tail/blocker.hpp"
#include "annals_cli_sql.hpp"
#include "cli/doctor/check.hpp"
#include "cli/doctor/table_names.hpp"
#include "cli/screen/age.hpp"
#include "cli/screen/report.hpp"

namespace annals::cli {
namespace {

using std::chrono::milliseconds;

/// Shorter than this is business as usual.
constexpr milliseconds patience{10'000};
constexpr std::size_t query_bytes_shown = 80;
/// Thousandths of the queue of notifications. Who listens and is well empties it at once; 1 % of it are 80 MB.
constexpr std::int64_t queue_usage_max = 10;

/// Names the oldest of `count` and says how many more there are.
std::string and_others(std::string text, int count) {
  return count > 1 ? fmt::format("{}, and {} more", text, count - 1) : text;
}

std::string shown(std::string_view query) { return display_text(query.substr(0, query_bytes_shown)); }

/// What this role is shown of others' sessions.
struct Sight {
  std::string role;
  std::int64_t hidden;  ///< sessions of which it sees no more than that they are there
};

Sight sight_of(postgres::Connection& connection) {
  const auto row = connection.query(std::string{sql::doctor_hidden});
  return {.role = row.text(0, 0), .hidden = row.bigint(0, 1)};
}

std::string see_more(const Sight& sight) {
  return fmt::format("ask as a role that may see it; as a superuser: GRANT pg_read_all_stats TO {}",
                     quote_sql_identifier(sight.role));
}

Check check_writers(postgres::Connection& connection, const Sight& sight) {
  const TableNames tables{connection.database().schema, {"events", "outbox"}};
  const auto found = postgres::find_blockers(connection, tables.views());
  if (found.empty()) return {"open_writers", Level::ok, "no open transaction holds readers back"};
  const auto lasts = [](const postgres::Blocker& blocker) { return !blocker.age || *blocker.age >= patience; };
  const auto first = std::find_if(found.begin(), found.end(), lasts);
  const auto& who = first == found.end() ? found.front() : *first;
  const auto detail = and_others(fmt::format("{} ({}) holds {} {}{}", postgres::who_text(who), who.state, who.relation,
                                             postgres::age_text(who), who.pid == 0 ? "" : ": " + shown(who.query)),
                                 static_cast<int>(found.size()));
  if (first == found.end()) return {"open_writers", Level::ok, detail};
  return {"open_writers", Level::warn, detail,
          who.age ? fmt::format("{}: readers of the log wait for it", postgres::remedy_text(who)) : see_more(sight)};
}

/// What PostgreSQL lets everybody ask for who may use the schema, and grants nobody but the owner.
Check check_lockers(postgres::Connection& connection, const Sight& sight) {
  const TableNames tables{connection.database().schema, {"schema_migrations", "streams", "events", "outbox"}};
  const auto rows = connection.query(std::string{sql::doctor_lockers}, postgres::Params{}.text_array(tables.views()));
  if (rows.empty()) return {"lockers", Level::ok, "nobody keeps programs from the tables"};
  const bool is_seen = !rows.is_null(0, 5);
  const auto age = is_seen ? format_age(milliseconds{rows.bigint(0, 5)}) : "a time that this role may not see";
  const auto who =
      fmt::format("pid {} of role {} {} {} on {} for {}", rows.integer(0, 3), display_text(rows.bytes(0, 4)),
                  rows.boolean(0, 2) ? "holds" : "waits for", rows.text(0, 1), rows.text(0, 0), age);
  const auto detail = and_others(who + ": " + shown(rows.bytes(0, 6)), rows.rows());
  if (is_seen && milliseconds{rows.bigint(0, 5)} < patience) return {"lockers", Level::ok, detail};
  return {"lockers", Level::warn, detail,
          is_seen ? fmt::format("everybody who appends waits behind it; end it, or SELECT pg_terminate_backend({})",
                                rows.integer(0, 3))
                  : see_more(sight)};
}

Check check_prepared(postgres::Connection& connection) {
  const auto rows = connection.query(std::string{sql::doctor_prepared});
  if (rows.empty()) return {"prepared_transactions", Level::ok, "none"};
  const auto gid = rows.text(0, 0);
  return {"prepared_transactions", Level::warn,
          and_others(fmt::format("\"{}\" of {}, {} old", printable(gid), rows.bytes(0, 1),
                                 format_age(milliseconds{rows.bigint(0, 2)})),
                     rows.rows()),
          postgres::prepared_remedy_text(gid)};
}

Check check_idle(postgres::Connection& connection, const Sight& sight) {
  const auto rows = connection.query(std::string{sql::doctor_idle});
  if (!rows.empty() && milliseconds{rows.bigint(0, 2)} >= patience) {
    return {"idle_in_transaction", Level::warn,
            and_others(fmt::format("pid {} \"{}\" for {} after: {}", rows.integer(0, 0), printable(rows.bytes(0, 1)),
                                   format_age(milliseconds{rows.bigint(0, 2)}), shown(rows.bytes(0, 3))),
                       rows.rows()),
            "commit before waiting for anything; set idle_in_transaction_session_timeout"};
  }
  const auto none = fmt::format("none for longer than {}", format_age(patience));
  if (sight.hidden == 0) return {"idle_in_transaction", Level::ok, none};
  return {"idle_in_transaction", Level::warn,
          fmt::format("{}, beside {} session{} of which this role may not see what they do", none, sight.hidden,
                      sight.hidden == 1 ? "" : "s"),
          see_more(sight)};
}

Check check_notifications(postgres::Connection& connection) {
  const auto row = connection.query(std::string{sql::doctor_notifications});
  const auto usage = row.bigint(0, 0);
  const auto detail = fmt::format("the cluster's queue of notifications is {}.{} % full", usage / 10, usage % 10);
  if (usage < queue_usage_max) return {"notifications", Level::ok, detail};
  const auto who = "somebody LISTENs and does not read; the server's log names the pid once half of it is full";
  if (row.is_null(0, 1)) return {"notifications", Level::warn, detail, who};
  return {"notifications", Level::warn,
          fmt::format("{}; the oldest transaction is that of pid {} of role {} in database {}, for {}", detail,
                      row.integer(0, 1), display_text(row.bytes(0, 2)), display_text(row.bytes(0, 3)),
                      format_age(milliseconds{row.bigint(0, 4)})),
          fmt::format("{}; if it is this one: SELECT pg_terminate_backend({})", who, row.integer(0, 1))};
}

}  // namespace

void check_sessions(postgres::Connection& connection, Checks& checks) {
  const auto sight = sight_of(connection);
  checks.push_back(check_writers(connection, sight));
  checks.push_back(check_lockers(connection, sight));
  checks.push_back(check_prepared(connection));
  checks.push_back(check_idle(connection, sight));
  checks.push_back(check_notifications(connection));
}

}  // namespace annals::cli
