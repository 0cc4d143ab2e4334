#include "annals/postgres/tail/blocker.hpp"

#include <fmt/format.h>

#include "annals/core/quote.hpp"
#include "annals/core/text.hpp"
#include "annals/postgres/connection.hpp"
#include "annals_postgres_sql.hpp"

namespace annals::postgres {
namespace {

Blocker blocker_in(const Result& result, int row) {
  Blocker blocker{.holder = result.text(row, 1), .pid = result.integer(row, 2)};
  if (!result.is_null(row, 3)) blocker.age = std::chrono::milliseconds{result.bigint(row, 3)};
  blocker.state = result.text(row, 4);
  blocker.query = result.text(row, 5);
  blocker.role = result.text(row, 6);
  blocker.relation = result.text(row, 0);
  return blocker;
}

/// Between its session and pg_prepared_xacts, or its end, it shows for a moment without a name.
bool is_in_passage(const Blocker& blocker) { return blocker.pid == 0 && blocker.query.empty(); }

}  // namespace

std::string age_text(const Blocker& blocker) {
  if (!blocker.age) return "for a time that this role may not see";
  return fmt::format("for {} s", std::chrono::duration_cast<std::chrono::seconds>(*blocker.age).count());
}

std::string who_text(const Blocker& blocker) {
  if (is_in_passage(blocker)) return "a transaction that is just being prepared or ended";
  const auto role = printable(blocker.role);
  if (blocker.pid != 0) return fmt::format("pid {} of role {}", blocker.pid, role);
  return fmt::format("a transaction prepared as \"{}\" by role {}", printable(blocker.query), role);
}

std::string remedy_text(const Blocker& blocker) {
  if (is_in_passage(blocker)) return "look again: it is just being prepared or ended";
  if (blocker.pid == 0) return prepared_remedy_text(blocker.query);
  return fmt::format("commit or roll it back, or SELECT pg_terminate_backend({})", blocker.pid);
}

std::string prepared_remedy_text(std::string_view gid) {
  return fmt::format("if its transaction manager is gone: ROLLBACK PREPARED {0} (or COMMIT PREPARED {0})",
                     quote_sql(gid));
}

std::vector<Blocker> find_blockers(Connection& connection, std::span<const std::optional<std::string_view>> relations,
                                   std::optional<std::span<const std::optional<std::string_view>>> transactions) {
  Params params;
  params.text_array(relations);
  transactions ? params.text_array(*transactions) : params.null();
  const auto result = connection.query(std::string{sql::blockers}, params);
  std::vector<Blocker> found;
  found.reserve(static_cast<std::size_t>(result.rows()));
  for (int row = 0; row < result.rows(); ++row) found.push_back(blocker_in(result, row));
  return found;
}

}  // namespace annals::postgres
