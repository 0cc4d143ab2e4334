// The exact tail: a RangeReader that goes only as far as is final.
//
// read() hands out rows at or below the horizon, or rows that follow it without a hole, which moves the horizon (Horizon has
// the invariant): without a hole there is nothing to prove, so an undisturbed reader asks no question but for the rows
// themselves.
//
// At a hole the proof begins (HorizonProver). Until it is complete the tail asks, more and more seldom, who is still
// there. Whenever one of those that were waited for has ended, the rows are read again and what follows without a hole is
// handed out: a transaction that holds the table's lock but none of the missing positions (the loser of a race for a head
// that stays open, a queue before a hot stream) delays nobody.
#include "annals/postgres/ordered_tail.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "annals/core/assert.hpp"
#include "annals/core/error.hpp"
#include "annals/postgres/connection.hpp"
#include "annals/postgres/tail/recovery.hpp"

namespace annals::postgres {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

/// Read while blocked: what follows the hole is read again each time, so not much of it.
constexpr std::size_t blocked_rows_max = 256;

/// How many rows of the batch follow `base` without a hole.
std::size_t contiguous(const RowBatch& batch, std::int64_t base) {
  std::size_t count = 0;
  while (count < batch.size() && batch.row(count).bigint() == base + 1 + static_cast<std::int64_t>(count)) ++count;
  return count;
}

}  // namespace

OrderedTail::OrderedTail(Connection& connection, LogTable table, Options options)
    : connection_(connection),
      reader_(connection, std::move(table), options),
      prover_(connection, reader_.table()),
      horizon_(connection, reader_.table()) {}

void OrderedTail::set_filter(const RowFilter& filter) {
  reader_.set_filter(filter);
  filtered_ = !filter.condition.empty();
}

OrderedTail::State OrderedTail::read(std::int64_t position, RowBatch& batch) {
  return read(position, batch, static_cast<std::size_t>(-1));
}

OrderedTail::State OrderedTail::read(std::int64_t position, RowBatch& batch, std::size_t rows_max) {
  ANNALS_ASSERT(!connection_.is_open() || !connection_.in_transaction());  // what is lost says so when it is asked
  if (!replica_) replica_ = in_recovery(connection_);
  if (*replica_) return read_replica(position, batch, rows_max);
  more_ = false;
  horizon_.begin_at(position);
  const auto state = filtered_ ? read_filtered(position, batch, rows_max) : read_primary(position, batch, rows_max);
  horizon_.share(state == State::caught_up);
  return state;
}

OrderedTail::State OrderedTail::read_primary(std::int64_t position, RowBatch& batch, std::size_t rows_max) {
  const auto at = std::max(position, horizon());
  if (prover_.pending() && at < prover_.top()) {
    if (position < horizon() && read_final(position, batch, rows_max) == State::rows) return State::rows;
    return look_again(at, batch, rows_max);
  }
  if (position < horizon() && read_final(position, batch, rows_max) == State::rows) return State::rows;
  return read_fresh(at, batch, rows_max);
}

/// What no filter may decide is where a hole is, so a proof comes first.
OrderedTail::State OrderedTail::read_filtered(std::int64_t position, RowBatch& batch, std::size_t rows_max) {
  batch.clear();
  if (position < horizon() && read_final(position, batch, rows_max) == State::rows) return State::rows;
  if (prover_.pending() && std::chrono::steady_clock::now() < look_at_) return State::blocked;
  const bool proven = prover_.pending() ? prover_.advance() : prover_.begin();
  if (!proven) {
    block();
    return State::blocked;
  }
  const auto from = std::max(position, horizon());
  unblock();
  horizon_.prove(prover_.top());
  return from < horizon() ? read_final(from, batch, rows_max) : State::caught_up;
}

/// A replica knows nothing of who writes, only what the primary's readers have proven. It may have been promoted since.
OrderedTail::State OrderedTail::read_replica(std::int64_t position, RowBatch& batch, std::size_t rows_max) {
  batch.clear();
  const auto stored = horizon_.shared();
  if (!stored.in_recovery) {
    replica_ = false;
    return State::caught_up;  // the next read proves for itself
  }
  if (!stored.horizon) {
    throw Error{ErrorKind::not_ready,
                fmt::format("{} is read on a replica, and no reader on the primary has stored yet how far it is final",
                            table().relation),
                {.hint = "let a relay or a projection of this log run on the primary, which keeps it; or read there"}};
  }
  horizon_.prove(*stored.horizon);
  return position < horizon() ? read_final(position, batch, rows_max) : State::caught_up;
}

OrderedTail::State OrderedTail::read_final(std::int64_t position, RowBatch& batch, std::size_t rows_max) {
  more_ = reader_.read({.after = position, .up_to = horizon(), .rows_max = rows_max}, batch);
  return batch.empty() ? State::caught_up : State::rows;
}

OrderedTail::State OrderedTail::read_fresh(std::int64_t position, RowBatch& batch, std::size_t rows_max) {
  more_ = reader_.read({.after = position, .rows_max = rows_max}, batch);
  if (batch.empty()) return State::caught_up;
  const auto last = batch.row(batch.size() - 1).bigint();
  const auto read = batch.size();
  const auto prefix = take_prefix(position, batch);
  if (prefix == read) return State::rows;
  unblock();
  if (prover_.begin(last)) {
    horizon_.prove(prover_.top());
    if (prefix == 0) return read_final(position, batch, rows_max);
  }
  if (prefix > 0) return State::rows;
  block();
  return State::blocked;
}

/// A proof is under way and nothing follows the horizon that was known.
OrderedTail::State OrderedTail::look_again(std::int64_t position, RowBatch& batch, std::size_t rows_max) {
  batch.clear();
  if (std::chrono::steady_clock::now() < look_at_) return State::blocked;
  const auto waited_for = prover_.waiting();
  if (prover_.advance()) {
    unblock();
    horizon_.prove(prover_.top());
    if (read_final(position, batch, rows_max) == State::rows) return State::rows;
    return read_fresh(horizon(), batch, rows_max);
  }
  if (prover_.waiting() < waited_for) {
    more_ = reader_.read({.after = position, .rows_max = std::min(rows_max, blocked_rows_max)}, batch);
    if (take_prefix(position, batch) > 0) {
      unblock();
      return State::rows;
    }
  }
  block();
  return State::blocked;
}

/// Keeps what follows `position` without a hole and moves the horizon over it.
std::size_t OrderedTail::take_prefix(std::int64_t position, RowBatch& batch) {
  const auto prefix = contiguous(batch, position);
  batch.shrink(prefix);
  horizon_.extend(position + static_cast<std::int64_t>(prefix));
  return prefix;
}

void OrderedTail::block() {
  const auto now = std::chrono::steady_clock::now();
  if (blocked_since_ == SteadyTime{}) blocked_since_ = now;
  look_at_ = now + BlockerWatch::pause_after(now - blocked_since_);
}

void OrderedTail::unblock() noexcept {
  blocked_since_ = {};
  watch_.reset();
}

const std::vector<Blocker>& OrderedTail::blockers() {
  return watch_.look(prover_, blocked_for(), std::chrono::steady_clock::now());
}

milliseconds OrderedTail::blocked_for() const noexcept {
  if (blocked_since_ == SteadyTime{}) return 0ms;
  return std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - blocked_since_);
}

milliseconds OrderedTail::retry_after() const noexcept {
  const auto left = look_at_ - std::chrono::steady_clock::now();
  return std::max(std::chrono::ceil<milliseconds>(left), 0ms);
}

}  // namespace annals::postgres
