// Around an open transaction.
//
// The ordered tail stops at a hole, because it may be filled. Here what is beyond is given all the same, and `given_` says what
// was: a watermark, and ranges with a hole before each. A round is three statements, each of which sees what was visible when it began:
//
//   1  Read what is beyond the last position that was given.
//   2  List who is open, and go on with the proof of a horizon (horizon_prover.cpp).
//   3  Read what is in the holes, and give it, before what (1) found.
//
// Invariants
//   D1  Order. If the transaction of m had become visible before n was written, m is given before n. Proof: n is given because some
//       statement S saw it. m was visible to S, and to every later one. If S is (1), m was given before, or is before n in
//       what S read, or is in a hole, where (3), which is later, finds it, and (3) is given first. If S is (3), then n is in
//       a hole, so its position was drawn before one was given that is above it; m is below n, because it was written before; so m
//       was given, or is in a hole and found by S, before n. Per key that is the order of commits, as its writers take turns.
//   D2  Nothing is left out. A position is in `given_` only if its message was given, or after (2) proved a horizon above it and a
//       later (3), which found nothing more, did not see it. What (1) found at that moment is above all holes and stays.
//   D3  Nothing is given twice: (1) and (3) read only what is not in `given_`.
//
// `given_` must never forget a range (Progress::exact()): a hole that it does not know would not be read again, and be closed. So what
// would make more than it can say is not given yet: beyond the holes of more than holes_max, and in them of more than ranges_max.
//
// A shard reads its own rows only, and sees where those of others are (ShardView): they are no holes, and nothing to give. That a position is
// somebody else's is true whenever it is said.
//
// When there is more in the holes than a batch, what (1) found is thrown away, and nothing beyond is read until they have no more:
// D1 needs all of them.
//
// A transaction that commits in a millisecond is no reason to go beyond it: that would make a hole of each, and no end of holes in a
// busy table. So what is beyond is read only while the lowest hole has been there for a while (patience). When the
// one that was long is gone, the others are waited for, and the tail takes over.
#include "log/detour.hpp"

#include <algorithm>
#include <utility>

#include "annals/postgres/connection.hpp"
#include "log/message_rows.hpp"

namespace annals::outbox {

using namespace std::chrono_literals;
using postgres::BlockerWatch;
using std::chrono::milliseconds;

namespace {

constexpr milliseconds patience = 10ms;

}  // namespace

Detour::Detour(postgres::Connection& connection, Clock& clock, postgres::LogTable table, const Options& options,
               Progress given)
    : table_(std::move(table)),
      clock_(clock),
      prover_(connection, table_),
      view_(connection, table_, options.limits, options.filter),
      given_(std::move(given)) {
  times_.watermark = given_.watermark();
  times_.begun_at = times_.hole_at = clock_.steady();
}

Detour::State Detour::read() {
  found_.clear();
  others_.clear();
  if (!beyond_.empty()) {
    std::swap(found_, beyond_);
    hand_out();
    return state();
  }
  const auto now = clock_.steady();
  if (given_.watermark() != std::exchange(times_.watermark, given_.watermark())) times_.moved_at = now;
  const auto top = given_.top();
  more_ = !filled_ && may_go_beyond(now) && read_beyond(top);
  prove(now);
  filled_ = read_holes(top);
  hand_out();
  if (filled_) beyond_.clear();
  if (!filled_ && proven_) given_.settle(std::min(*std::exchange(proven_, std::nullopt), top));
  if (found_.rows.empty()) {
    std::swap(found_, beyond_);
    beyond_.clear();
    hand_out();
  }
  return state();
}

Detour::State Detour::state() const noexcept {
  if (!found_.rows.empty()) return State::rows;
  return given_.ranges() == 0 ? State::done : State::waiting;
}

bool Detour::may_go_beyond(SteadyTime now) const noexcept {
  return given_.ranges() < holes_max && now - times_.moved_at >= patience;
}

/// A question about locks holds up all who take one, and who is long in the way is so for longer yet.
void Detour::prove(SteadyTime now) {
  if (proven_ || now < times_.prove_at) return;
  times_.prove_at = now + BlockerWatch::pause_after(now - times_.moved_at);
  if (prover_.pending() ? prover_.advance() : prover_.begin(given_.top())) proven_ = prover_.top();
}

/// True when there is more.
bool Detour::read_beyond(std::int64_t top) {
  const bool more = view_.read(top, beyond_);
  return beyond_.cut(beyond_.fitting(top, holes_max - given_.ranges())) || more;
}

/// True when there is more. Rows below a horizon that is proven leave nothing behind, so one of them always fits.
bool Detour::read_holes(std::int64_t top) {
  std::vector<ShardView::Span> spans;
  for (const auto& hole : given_.holes(top, Progress::ranges_max)) spans.push_back({hole.first, hole.last});
  const bool more = view_.read_within(spans, found_);
  if (found_.empty()) return more;
  const auto ranges = std::max(given_.ranges(), holes_max);
  std::size_t room = ranges + 1 < Progress::ranges_max ? Progress::ranges_max - 1 - ranges : 0;
  if (const auto first = found_.first(); proven_ && first <= *proven_) {
    given_.settle(first - 1);
    room = std::max<std::size_t>(room, 1);
  }
  return found_.cut(found_.fitting(given_.watermark(), room)) || more;
}

void Detour::hand_out() {
  const auto ranges = given_.ranges();
  for (std::size_t i = 0; i < found_.rows.size(); ++i) given_.add(MessageRows::place_of(found_.rows.row(i)));
  for (const auto position : found_.others) given_.close({position, position});
  others_.insert(others_.end(), found_.others.begin(), found_.others.end());
  found_.others.clear();
  if (given_.ranges() > ranges) times_.hole_at = clock_.steady();
}

/// Soon after a hole was made, then more and more seldom.
milliseconds Detour::retry_after() const noexcept {
  return BlockerWatch::pause_after(clock_.steady() - times_.hole_at);
}

const std::vector<postgres::Blocker>& Detour::blockers() {
  const auto now = clock_.steady();
  return watch_.look(prover_, now - std::max(times_.begun_at, times_.moved_at), now);
}

}  // namespace annals::outbox
