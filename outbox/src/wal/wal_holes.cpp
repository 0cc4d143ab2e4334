// Which holes stay empty.
//
// The log gives messages in the order of commits, the table's positions were drawn before. A hole below a position that was
// read belongs to a transaction that is still open, to one whose commit is further on in the log, or to one that was rolled
// back. It is told from the table, not guessed from the log:
//
//   1  Prove a horizon H (horizon_prover.cpp): no transaction can still write at or below it.
//   2  Then take E, the end of the log at that moment. What was committed at or below H was visible, so its commit record
//      was written, so it stands before E.
//   3  When the log has been read up to E, each message at or below H has been given. A hole that is left there is empty.
//
// Step 3 looks into the table all the same, because the log can be made to leave something out: a table taken out of its
// publication for a minute, a filter on its rows, a slot that somebody moved. A hole that is left at or below H, while the
// table has a row there, is a message that would have been lost: Error{corrupt}, and the remedy is to read it from the table.
// (Not where Progress had to forget what is published: there holes are no holes, and the log alone is believed.)
//
// A backlog is read long before its end E; its holes would pile up. So when there are many, those at or below H are looked
// up at once: a hole in which the table has no row stays empty by (1) alone. Those that are filled are waited for.
#include "wal/wal_holes.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "annals/core/error.hpp"
#include "annals/postgres/connection.hpp"
#include "annals/postgres/sql_text.hpp"
#include "annals_outbox_sql.hpp"

namespace annals::outbox {

using namespace std::chrono_literals;
using postgres::Params;
using Ranges = std::vector<Progress::Range>;

namespace {

/// Between two looks: a question about locks holds up all who take one.
constexpr auto interval = 100ms;
/// The same when there are many holes.
constexpr auto interval_crowded = 10ms;
/// The same when there is none, and all that can be found is that the log leaves something out.
constexpr auto interval_at_rest = 5s;
/// From so many ranges on the table is asked before the log has been read to the end.
constexpr std::size_t crowded = Progress::ranges_max / 4;
/// Holes a question.
constexpr std::size_t holes_max = 1'000;
/// As many as there can be.
constexpr std::size_t all_holes = Progress::ranges_max;

}  // namespace

WalHoles::WalHoles(postgres::Connection& connection, const postgres::MessageLog& log, Clock& clock)
    : connection_(connection),
      log_(log),
      clock_(clock),
      table_(postgres::log_table(log)),
      prover_(connection, table_),
      filled_sql_(postgres::render(sql::wal_filled, log)),
      place_sql_(postgres::render(sql::place_at, log)) {}

/// What is proven already and only waited for the log costs nobody anything.
bool WalHoles::is_due(const Progress& read, postgres::Lsn passed) {
  const auto now = clock_.steady();
  const bool completes = proof_ && passed >= proof_->end;
  const bool at_rest = read.ranges() == 0 && read.exact() && !proof_;
  const std::chrono::steady_clock::duration pause = at_rest                    ? interval_at_rest
                                                    : read.ranges() >= crowded ? interval_crowded
                                                                               : interval;
  if (!completes && now - looked_at_ < pause) return false;
  looked_at_ = now;
  return true;
}

WalHoles::Found WalHoles::look(const Progress& read, postgres::Lsn passed) {
  if (!is_due(read, passed)) return {};
  if (!proof_) prove(read);
  if (!proof_) return {};
  const auto proof = *proof_;
  if (passed >= proof.end) {
    proof_.reset();
    if (read.exact()) require_none_filled(read, proof.horizon);
    const auto last = connection_.query_prepared("annals_wal_place", place_sql_, Params{}.bigint(proof.horizon));
    if (last.empty()) return {.settled = proof.horizon};
    return {.last = {.position = last.bigint(0, 0), .id = last.uuid(0, 1)}, .settled = proof.horizon};
  }
  if (read.ranges() < crowded || !read.exact()) return {};
  Found found{.empty = empty_ones(read.holes(proof.horizon, holes_max))};
  if (found.empty.empty()) proof_.reset();  // it is too old for what there is
  return found;
}

void WalHoles::prove(const Progress& read) {
  const bool proven = prover_.pending() ? prover_.advance() : prover_.begin(read.top());
  if (!proven) return;
  const auto end = connection_.query(std::string{sql::wal_end}).bigint(0, 0);
  proof_ = Proof{.horizon = prover_.top(), .end = {static_cast<std::uint64_t>(end)}};
}

postgres::Result WalHoles::filled(const Ranges& holes) {
  std::vector<std::int64_t> first;
  std::vector<std::int64_t> last;
  for (const auto& hole : holes) {
    first.push_back(hole.first);
    last.push_back(hole.last);
  }
  return connection_.query_prepared("annals_wal_filled", filled_sql_, Params{}.bigint_array(first).bigint_array(last));
}

void WalHoles::require_none_filled(const Progress& read, std::int64_t horizon) {
  auto holes = read.holes(horizon, all_holes);
  if (read.top() < horizon) holes.push_back({.first = read.top() + 1, .last = horizon});
  if (holes.empty()) return;
  const auto rows = filled(holes);
  if (rows.empty()) return;
  throw Error{
      ErrorKind::corrupt,
      fmt::format("the write-ahead log did not have the message at position {} of {}, which is in the table",
                  rows.bigint(0, 1), log_.relation),
      {.hint = fmt::format("was publication {} changed? Put it right, then drop the relay's slot "
                           "(pg_drop_replication_slot; `annals doctor` names it): the relay makes a new one, and "
                           "reads what is missing from the table",
                           log_.publication)}};
}

Ranges WalHoles::empty_ones(const Ranges& holes) {
  if (holes.empty()) return {};
  const auto rows = filled(holes);
  Ranges out;
  int next = 0;
  for (std::size_t i = 0; i < holes.size(); ++i) {
    if (next < rows.rows() && rows.bigint(next, 0) == static_cast<std::int64_t>(i) + 1) {
      ++next;
    } else {
      out.push_back(holes[i]);
    }
  }
  return out;
}

}  // namespace annals::outbox
