// What is final in a log.
//
// A position is drawn when a row is inserted and becomes visible when its transaction commits, so rows become visible out
// of position order. A missing position (a hole) may belong to a transaction that is still open, or to one that was rolled
// back and will never fill it.
//
// What PostgreSQL guarantees, and what the proof rests on:
//   (a) an INSERT takes RowExclusiveLock on the table before it draws a position (locks are taken when the statement
//       starts, the sequence is called while it runs), and the sequence has CACHE 1;
//   (b) the lock is held until after the transaction has become visible (commit) or will never be (rollback, also of the
//       savepoint that took it);
//   (c) each statement outside a transaction block sees everything that was visible before it started.
//
// Proof. Let `top` be a visible position and p < top a hole, both seen by statement S1. p was drawn before top was, hence
// before S1 (positions are drawn in increasing order). By (a) its transaction T took the lock before S1. List the lock's
// holders after S1: either T is listed, or by (b) T had already become visible or dead. Wait until every listed
// transaction has ended. Then T has ended, and by (b) and (c) a later statement S2 sees p if it was committed. What S2
// does not see below top will never be seen: everything at or below top is final. top is then the horizon.
//
// Two refinements:
//   - PREPARE TRANSACTION hands the lock from the session to an entry without a process. That entry shows the session's
//     virtual transaction, say "3/45", on current versions, but "-1/<xid>" before 13.5 and 14.1 and after a restart; for a
//     moment in between the lock shows as "3/0". So "3/0" counts as "3/45" still being there, and when the listed ones
//     have gone, the "-1/" transactions of that same moment are waited for as well.
//   - The lock list is taken after S1, in its own statement, never before: earlier, a transaction could take the lock,
//     draw p, and be missing from the list.
//
// A hot standby shows none of the primary's locks: there every hole would look proven. The proof is for the primary; a
// replica reads up to a horizon that a primary has stored (HorizonStore).
#include "annals/postgres/tail/horizon_prover.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <thread>

#include "annals/core/assert.hpp"
#include "annals/core/error.hpp"
#include "annals/postgres/connection.hpp"
#include "annals_postgres_sql.hpp"

namespace annals::postgres {
namespace {

/// Between two looks at who is still in the way.
constexpr std::chrono::milliseconds settle_pause{20};
/// What is committed is there soon, or its commit waits for a standby: for longer than is worth to wait here.
constexpr std::chrono::milliseconds visible_within{2'000};

std::string_view backend_of(std::string_view transaction) { return transaction.substr(0, transaction.find('/')); }
bool is_prepared(std::string_view transaction) { return transaction.starts_with("-1/"); }
bool is_in_passage(std::string_view transaction) { return transaction.ends_with("/0"); }

/// Whether `holder` is `awaited`, or its backend in the passage to being prepared or ended.
bool is_same(std::string_view awaited, std::string_view holder) {
  return holder == awaited || (is_in_passage(holder) && backend_of(holder) == backend_of(awaited));
}

/// Waits for the proof, or until it is needed no more.
void prove(HorizonProver& prover, const LogTable& table, std::chrono::milliseconds wait_max,
           const std::function<bool()>& needed_no_more) {
  const auto deadline = std::chrono::steady_clock::now() + wait_max;
  for (bool proven = prover.begin(); !proven && !needed_no_more(); proven = prover.advance()) {
    if (std::chrono::steady_clock::now() >= deadline) {
      const auto blockers = prover.blockers();
      const auto who = blockers.empty() ? Blocker{} : blockers.front();
      throw Error{ErrorKind::overloaded,
                  fmt::format("a transaction that is still open ({}) may yet write to {} at or below position {}",
                              who_text(who), table.relation, prover.top()),
                  {.hint = "wait until it has ended (`annals doctor` shows it), then try again"}};
    }
    std::this_thread::sleep_for(settle_pause);
  }
}

}  // namespace

bool HorizonProver::begin(std::int64_t at_least) {
  ANNALS_ASSERT(!connection_.is_open() || !connection_.in_transaction());  // what is lost says so when it is asked
  // As much as possible at once: a backlog full of old holes then costs one proof.
  const auto last = connection_.query(fmt::format("SELECT pg_catalog.max(line.position) FROM {} AS line",
                                                  table_.rows.empty() ? table_.relation : table_.rows));
  top_ = std::max(at_least, last.is_null(0, 0) ? 0 : last.bigint(0, 0));
  waiting_ = holders();
  prepared_listed_ = false;
  pending_ = !waiting_.empty();  // with nobody to wait for the prepared ones are known too: the list had none
  return !pending_;
}

bool HorizonProver::advance() {
  ANNALS_ASSERT(pending_);
  const auto current = holders();
  const auto is_current = [&](const std::string& awaited) {
    return std::any_of(current.begin(), current.end(), [&](const auto& holder) { return is_same(awaited, holder); });
  };
  std::erase_if(waiting_, [&](const auto& awaited) { return !is_current(awaited); });
  if (!waiting_.empty()) return false;
  if (!prepared_listed_) {
    prepared_listed_ = true;
    std::copy_if(current.begin(), current.end(), std::back_inserter(waiting_), is_prepared);
    if (!waiting_.empty()) return false;
  }
  pending_ = false;
  return true;
}

std::vector<std::string> HorizonProver::holders() {
  const auto result =
      connection_.query_prepared("annals_holders", std::string{sql::holders}, Params{}.text(table_.relation));
  std::vector<std::string> transactions;
  transactions.reserve(static_cast<std::size_t>(result.rows()));
  for (int row = 0; row < result.rows(); ++row) transactions.push_back(result.text(row, 0));
  return transactions;
}

std::vector<Blocker> HorizonProver::blockers() {
  if (!pending_) return {};
  const std::optional<std::string_view> relations[] = {table_.relation};
  const std::vector<std::optional<std::string_view>> awaited(waiting_.begin(), waiting_.end());
  return find_blockers(connection_, relations, awaited);
}

std::int64_t settled_end(Connection& connection, const LogTable& table, std::chrono::milliseconds wait_max) {
  HorizonProver prover{connection, table};
  prove(prover, table, wait_max, [] { return false; });
  return prover.top();
}

bool is_there_once_settled(Connection& connection, const LogTable& table, const std::function<bool()>& look) {
  bool found = look();
  if (found) return true;
  HorizonProver prover{connection, table};
  prove(prover, table, visible_within, [&] { return found = look(); });
  return found || look();
}

}  // namespace annals::postgres
