// The exact tail.
//
// A position is drawn when a row is inserted and becomes visible when its transaction commits, so rows become visible out
// of position order: a reader that simply goes on from the last position it saw skips the rows that commit late. This
// reader never passes a missing position (a hole) unless it has proof that no transaction can still fill it.
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
// Invariant: every row at or below horizon_ that will ever be visible is visible now. read() hands out rows at or below
// the horizon, or rows that follow it without a hole (which moves the horizon).
#include "annals/postgres/ordered_tail.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "annals/core/assert.hpp"
#include "annals/core/error.hpp"
#include "annals/postgres/connection.hpp"
#include "annals_postgres_sql.hpp"

namespace annals::postgres {
namespace {

constexpr std::size_t first_read_rows = 1000;

std::string_view backend_of(std::string_view transaction) { return transaction.substr(0, transaction.find('/')); }
bool is_prepared(std::string_view transaction) { return transaction.starts_with("-1/"); }
bool is_in_passage(std::string_view transaction) { return transaction.ends_with("/0"); }

/// Whether `holder` is `awaited`, or its backend in the passage to being prepared or ended.
bool is_same(std::string_view awaited, std::string_view holder) {
  return holder == awaited || (is_in_passage(holder) && backend_of(holder) == backend_of(awaited));
}

std::int64_t position_of(const RowBatch& batch, std::size_t index) { return batch.row(index).bigint(); }

/// How many rows of the batch follow `base` without a hole.
std::size_t contiguous(const RowBatch& batch, std::int64_t base) {
  std::size_t count = 0;
  while (count < batch.size() && position_of(batch, count) == base + 1 + static_cast<std::int64_t>(count)) ++count;
  return count;
}

void require_order(const RowBatch& batch, std::int64_t after, const std::string& relation) {
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const auto position = position_of(batch, i);
    if (position <= after) {
      throw Error{ErrorKind::corrupt,
                  fmt::format("{}: position {} came after {}", relation, position, after),
                  {.hint = "stop and check the table's indexes (amcheck, REINDEX)"}};
    }
    after = position;
  }
}

}  // namespace

OrderedTail::OrderedTail(Connection& connection, LogTable table, Options options)
    : connection_(connection),
      table_(std::move(table)),
      options_(options),
      rows_next_(std::min(first_read_rows, options.rows_max)) {
  ANNALS_ASSERT(options_.rows_max > 0);
}

OrderedTail::State OrderedTail::read(std::int64_t position, RowBatch& batch) {
  return read(position, batch, options_.rows_max);
}

OrderedTail::State OrderedTail::read(std::int64_t position, RowBatch& batch, std::size_t rows_max) {
  ANNALS_ASSERT(!connection_.in_transaction());
  const auto rows = std::clamp<std::size_t>(rows_max, 1, rows_next_);
  if (proof_ && position < proof_->top && position >= horizon_ && !advance_proof()) {
    batch.clear();
    return State::blocked;
  }
  if (position < horizon_ && read_final(position, batch, rows) == State::rows) return State::rows;
  return read_fresh(std::max(position, horizon_), batch, rows);
}

OrderedTail::State OrderedTail::read_final(std::int64_t position, RowBatch& batch, std::size_t rows_max) {
  copy(position, horizon_, rows_max, batch);
  return batch.empty() ? State::caught_up : State::rows;
}

OrderedTail::State OrderedTail::read_fresh(std::int64_t position, RowBatch& batch, std::size_t rows_max) {
  copy(position, std::nullopt, rows_max, batch);
  if (batch.empty()) return State::caught_up;
  const auto prefix = contiguous(batch, position);
  horizon_ = position + static_cast<std::int64_t>(prefix);
  if (prefix == batch.size()) return State::rows;

  begin_proof(position_of(batch, batch.size() - 1));
  if (prefix > 0) {
    batch.shrink(prefix);
    return State::rows;
  }
  batch.clear();
  return proof_ ? State::blocked : read_final(position, batch, rows_max);
}

void OrderedTail::begin_proof(std::int64_t at_least) {
  // Prove as much as possible at once: a backlog full of old holes then costs one proof.
  const auto last = connection_.query(fmt::format("SELECT max(position) FROM {}", table_.relation));
  proof_ = Proof{.top = std::max(at_least, last.bigint(0, 0)), .waiting = holders(), .prepared_listed = false};
  // With nobody to wait for the prepared ones are known too: the list had none.
  if (proof_->waiting.empty()) {
    horizon_ = proof_->top;
    proof_.reset();
  }
}

bool OrderedTail::advance_proof() {
  const auto current = holders();
  const auto is_current = [&](const std::string& awaited) {
    return std::any_of(current.begin(), current.end(), [&](const auto& holder) { return is_same(awaited, holder); });
  };
  std::erase_if(proof_->waiting, [&](const auto& awaited) { return !is_current(awaited); });
  if (!proof_->waiting.empty()) return false;
  if (!proof_->prepared_listed) {
    proof_->prepared_listed = true;
    std::copy_if(current.begin(), current.end(), std::back_inserter(proof_->waiting), is_prepared);
    if (!proof_->waiting.empty()) return false;
  }
  horizon_ = proof_->top;
  proof_.reset();
  return true;
}

std::vector<std::string> OrderedTail::holders() {
  const auto result =
      connection_.query_prepared("annals_holders", std::string{sql::holders}, Params{}.text(table_.relation));
  std::vector<std::string> transactions;
  transactions.reserve(static_cast<std::size_t>(result.rows()));
  for (int row = 0; row < result.rows(); ++row) transactions.push_back(result.text(row, 0));
  return transactions;
}

void OrderedTail::copy(std::int64_t after, std::optional<std::int64_t> up_to, std::size_t rows_max, RowBatch& batch) {
  // COPY takes no parameters; what is put into the text are integers and the table's validated name.
  const auto bound = up_to ? fmt::format(" AND {} <= {}", table_.position, *up_to) : std::string{};
  connection_.copy_out(fmt::format("COPY ({} WHERE {} > {}{} ORDER BY {} LIMIT {}) TO STDOUT (FORMAT binary)",
                                   table_.select, table_.position, after, bound, table_.position, rows_max),
                       options_.bytes_max, batch);
  require_order(batch, after, table_.relation);
  adapt(batch);
}

void OrderedTail::adapt(const RowBatch& batch) noexcept {
  if (batch.empty()) return;
  const auto row_bytes = std::max<std::size_t>(batch.byte_size() / batch.size(), 1);
  rows_next_ = std::clamp<std::size_t>(options_.bytes_max / row_bytes, 1, options_.rows_max);
}

std::vector<Blocker> OrderedTail::blockers() {
  std::vector<Blocker> found;
  if (!proof_) return found;
  std::vector<std::optional<std::string_view>> awaited(proof_->waiting.begin(), proof_->waiting.end());
  const auto result = connection_.query(std::string{sql::blockers}, Params{}.text(table_.relation).text_array(awaited));
  for (int row = 0; row < result.rows(); ++row) {
    found.push_back({.holder = result.text(row, 0),
                     .pid = result.integer(row, 1),
                     .age = std::chrono::milliseconds{result.bigint(row, 2)},
                     .state = result.text(row, 3),
                     .query = result.text(row, 4)});
  }
  return found;
}

}  // namespace annals::postgres
