// The mined log.
//
// A walsender sends what a slot has: transactions as a whole, in the order of their commits, each message with its position in the
// table. Beside what is read there is what is published, as a Progress; each cursor has both (WalCursor), and so a run goes on
// in either: in the log at its place, or, when the slot does not have what follows, in the table at its Progress.
//
// Invariants
//   W1  What the slot is told to give up ends at or before the place of a cursor that is recorded (acknowledge()). So whatever is
//       not recorded as published can be read again, from the log or from the table.
//   W2  A message is given exactly once a run, unless the Progress it was started with has it, or the place it was started at is
//       behind it.
//   W3  A place names a transaction by its commit and how many of its messages are done with; `flush` moves to the end of a
//       transaction when its commit was read, with the ticket that was given last. So the place of a ticket is never behind
//       a message that has a later ticket.
//   W4  While the table is read first, no place of the log is in a cursor: what the slot does not have is not all given yet, and
//       who goes on from there must read the table, too.
//   W5  A run begins where everything after its cursor is still to be had (wal_origin.cpp).
//
// Visible after written. A commit stands in the log a moment before others see it. A stream's name may therefore not be there yet
// when its event is (WalNames): what was read is kept, and given when it is. The message of a cursor may not be there yet either, for
// whoever starts at once after a crash, or leaves the log (TableHistory), nor one that is asked for again (find()). Where a synchronous
// standby is waited for the moment is long. None of them is taken for missing while anybody who could have written it is open.
#include "wal/wal_source.hpp"

#include <algorithm>

#include "annals/core/assert.hpp"
#include "annals/postgres/connection.hpp"
#include "wal/wal_cursor.hpp"

namespace annals::outbox {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

namespace {

/// Between two looks at a transaction that is in the way.
constexpr milliseconds blocked_pause = 10ms;

}  // namespace

WalSource::WalSource(postgres::Connection& connection, Clock& clock, postgres::MessageLog log, Options options)
    : connection_(connection),
      clock_(clock),
      log_(std::move(log)),
      options_(std::move(options)),
      origin_(connection, log_, {.relay = options_.relay, .accept_timeline = options_.accept_timeline}),
      holes_(connection, log_, clock),
      names_(connection, log_, clock),
      lookup_(connection, log_),
      reader_(connection, log_, clock,
              {.rows_max = options_.rows_max, .bytes_max = options_.bytes_max, .feed = options_.feed}) {}

// Where to begin

void WalSource::start(const Cursor& after) {
  reader_.start({}, {});  // the slot is free for who begins
  catch_up_.reset();
  holes_.restart();
  names_.restart();
  auto begin = origin_.begin(after);
  last_ = Last{};
  last_.recorded_at = clock_.steady();
  last_.recorded = begin.place.flush;
  last_.in_log = !begin.from_table;
  ledger_.start(begin.published, begin.from_table ? WalPlace{} : begin.place);
  reader_.start(std::move(begin.published), begin.place, std::move(begin.emitted));
  if (begin.from_table) {
    catch_up_.emplace(connection_, clock_, log_,
                      postgres::RangeReader::Options{.rows_max = options_.rows_max, .bytes_max = options_.bytes_max},
                      reader_.read());
  } else {
    reader_.open(origin_.slot(), last_.recorded);
  }
}

// Reading

MessageSource::State WalSource::read() {
  ledger_.shrink();
  last_.read_at = clock_.steady();
  last_.blocked = false;
  last_.more = true;
  return catch_up_ ? read_table() : read_log();
}

MessageSource::State WalSource::read_table() {
  const auto state = catch_up_->read(reader_.read());
  if (state == TableCatchUp::State::done) {
    reader_.read().settle(catch_up_->horizon());
    ledger_.settle(catch_up_->horizon(), {});
    ledger_.pass(reader_.flush());
    catch_up_.reset();
    reader_.open(origin_.slot(), last_.recorded);
    return read_log();
  }
  last_.blocked = state == TableCatchUp::State::blocked;
  if (last_.blocked) return State::blocked;
  for (std::size_t i = 0; i < catch_up_->size(); ++i) {
    const auto place = catch_up_->place(i);
    reader_.read().add(place);
    ledger_.add({.place = place, .wal = {}});
  }
  return State::rows;
}

MessageSource::State WalSource::read_log() {
  if (!names_.waiting()) {
    keep_emitted();
    last_.more = reader_.take();
  }
  if (!know_streams()) return State::caught_up;
  give();
  look_for_holes();
  if (!reader_.items().empty()) return State::rows;
  if (reader_.is_caught_up()) return State::caught_up;
  last_.more = true;
  return State::rows;
}

/// False while a stream of an event at hand is not visible yet: then nothing is given.
bool WalSource::know_streams() {
  std::vector<std::int64_t> streams;
  for (const auto& item : reader_.items()) {
    if (item.stream != 0) streams.push_back(item.stream);
  }
  return names_.know(streams);
}

/// Those at hand have been sent, and may be asked for once more.
void WalSource::keep_emitted() {
  const auto count = reader_.items().size();
  reader_.give_emitted([&](std::size_t index, WalFeed::Change change) {
    ledger_.keep(ledger_.ticket_of(index, count), std::move(change));
  });
}

void WalSource::give() {
  for (const auto& item : reader_.items()) ledger_.add(item.entry);
  if (!reader_.in_transaction()) ledger_.pass(reader_.flush());
}

void WalSource::look_for_holes() {
  auto& read = reader_.read();
  const auto found = holes_.look(read, reader_.flush());
  for (const auto& hole : found.empty) {
    read.close(hole);
    ledger_.close(hole);
  }
  if (found.settled == 0) return;
  read.settle(found.settled, found.last);
  ledger_.settle(found.settled, found.last);
}

std::size_t WalSource::size() const noexcept {
  if (catch_up_) return catch_up_->size();
  return names_.waiting() ? 0 : reader_.items().size();
}

void WalSource::decode(std::size_t index, MessageView& view) const {
  ANNALS_ASSERT(index < size());
  if (catch_up_) {
    catch_up_->decode(index, view);
  } else {
    const auto& item = reader_.items()[index];
    reader_.decode(item, view);
    if (item.stream != 0) view.key = view.subject = names_.name(item.stream);
  }
  view.ticket = ledger_.ticket_of(index, size());
}

bool WalSource::find(std::int64_t ticket, MessageView& view) {
  const bool found = ledger_.at(ticket).in == WalEntry::In::table ? lookup_.find_settled(place(ticket).position, view)
                                                                  : find_emitted(ticket, view);
  view.ticket = ticket;
  return found;
}

/// Kept, or still at hand.
bool WalSource::find_emitted(std::int64_t ticket, MessageView& view) const {
  if (const auto* kept = ledger_.kept(ticket)) {
    reader_.decode_emitted(*kept, view);
    return true;
  }
  const auto& items = reader_.items();
  const auto first = ledger_.ticket_of(0, items.size());
  if (ticket < first) return false;
  reader_.decode(items[static_cast<std::size_t>(ticket - first)], view);
  return true;
}

// What is recorded

Cursor WalSource::cursor(std::int64_t ticket) const {
  const auto& place = ledger_.at(ticket).wal;
  auto published = ledger_.published(ticket);
  if (place.flush.value == 0) return TableCursor{origin_.cluster(), std::move(published)}.encode();
  return WalCursor{.cluster = origin_.cluster(), .place = place, .progress = std::move(published)}.encode();
}

void WalSource::acknowledge(const Cursor& cursor) {
  last_.recorded_at = clock_.steady();
  if (!WalCursor::is(cursor)) return;
  last_.in_log = true;
  last_.recorded = std::max(last_.recorded, WalCursor::decode(cursor).place.flush);
  reader_.confirm(last_.recorded);
}

/// Who begins without a place in the log must read the table first: the sooner one is recorded the better.
bool WalSource::moved(Move move) const {
  if (!reader_.is_open()) return false;
  if (!last_.in_log) return true;
  if (ledger_.last().wal.flush <= last_.recorded) return false;
  return move == Move::any || clock_.steady() - last_.recorded_at >= options_.move_interval;
}

// Waiting

bool WalSource::wait(milliseconds wait_max) {
  if (last_.blocked || names_.waiting()) {
    // Since it was looked at: whoever waits for less at a time looks again, too.
    const auto pause = last_.blocked ? blocked_pause : names_.pause();
    const auto left = std::max(0ms, std::chrono::ceil<milliseconds>(last_.read_at + pause - clock_.steady()));
    rest();
    clock_.sleep_for(std::min(wait_max, left));
    return left <= wait_max;
  }
  if (!reader_.is_open() || last_.more) return true;
  return reader_.wait(wait_max) || clock_.steady() - last_.read_at >= options_.poll_interval;
}

void WalSource::rest() { reader_.rest(); }

const std::vector<postgres::Blocker>& WalSource::blockers() {
  return catch_up_ ? catch_up_->blockers() : last_.no_blockers;
}

}  // namespace annals::outbox
