// From the log to the table and back.
//
// A cursor says which messages are published, whichever source gave it, and each source goes on exactly there (Progress). So to
// change between them is to start the other one after the cursor of the last message that was given; what was given
// stays the matter of the source that gave it, until nobody asks for it any more.
//
// Invariants
//   A1  The tickets of a part follow those of the one before; a part is kept while a ticket of it may be asked for.
//   A2  A part begins with the cursor of the last ticket of the one before, which is taken from memory: a session that broke does
//       not matter. So nothing is left out between them, and nothing is given twice.
//   A3  What was read and not given, because the source broke before, is given by the next one.
//
// Order holds across a change as it does within a source: what was committed before a message was written is given before it, by
// the part before or, as it is not in the cursor, by the new one in its own order.
//
// The log is left at any error of it: the table tells whether that was the database's, because then it fails, too. The way back
// needs a slot, and to make one takes until every transaction has ended that is writing (SlotMaker); the table is read meanwhile.
// A publication that leaves messages out is found out by the table (WalHoles); then the table is read until somebody has put it
// right and started the relay again.
#include "log/auto_source.hpp"

#include <algorithm>
#include <utility>

#include "annals/core/assert.hpp"
#include "annals/postgres/connection.hpp"
#include "enqueue/emission_guard.hpp"
#include "wal/wal_slot.hpp"

namespace annals::outbox {

using std::chrono::milliseconds;

AutoSource::AutoSource(postgres::Connection& connection, Clock& clock, postgres::MessageLog log, Options options)
    : connection_(connection),
      clock_(clock),
      log_(std::move(log)),
      options_(std::move(options)),
      maker_(connection.database(), log_, options_.wal.relay) {
  parts_.push_back({.source = make(ReadFrom::table)});
}

std::unique_ptr<MessageSource> AutoSource::make(ReadFrom from) {
  if (from == ReadFrom::wal) return std::make_unique<WalSource>(connection_, clock_, log_, options_.wal);
  return std::make_unique<TableSource>(connection_, clock_, log_, options_.table);
}

// Where to begin

Cursor AutoSource::first(const Start& start, milliseconds wait_max) { return current().first(start, wait_max); }

void AutoSource::start(const Cursor& after) {
  require_nothing_emitted(connection_, log_, options_.wal.relay);
  parts_.clear();
  last_ = wanted_ = 0;
  broken_.reset();
  if (slot_is_there()) {
    try {
      return go_on(ReadFrom::wal, after);
    } catch (const Error& error) {
      reason_ = error;
    }
  }
  go_on(ReadFrom::table, after);
  retry_.at = clock_.steady();
  retry_.pause = options_.retry_min;
}

bool AutoSource::slot_is_there() {
  return find_slot(connection_, wal_slot_name(connection_, log_, options_.wal.relay)).has_value();
}

void AutoSource::go_on(ReadFrom from, const Cursor& after) {
  auto source = make(from);
  source->start(after);
  parts_.push_back({.source = std::move(source), .from = from, .base = last_, .begun_at = clock_.steady()});
  gone_ = true;
  if (from == ReadFrom::wal) reason_.reset();
}

// Reading

MessageSource::State AutoSource::read() {
  if (part().from == ReadFrom::table) try_log();
  auto state = State::rows;
  gone_ = true;  // what was at hand is sent
  if (!broken_) {
    try_with_current([&](MessageSource& source) {
      state = source.read();
      gone_ = false;
    });
  }
  if (broken_) {
    leave_log(*std::exchange(broken_, std::nullopt));
    return State::rows;  // whether there is a message is not known yet
  }
  last_ += static_cast<std::int64_t>(current().size());
  return state;
}

void AutoSource::leave_log(const Error& error) {
  const auto cursor = current().cursor(last_ - part().base);
  current().stop();
  if (clock_.steady() - part().begun_at >= options_.retry_max) retry_.pause = milliseconds{0};
  go_on(ReadFrom::table, cursor);
  retry_.stay = error.kind() == ErrorKind::corrupt;
  put_off(error);
}

void AutoSource::put_off(const Error& error) {
  reason_ = error;
  retry_.pause = std::clamp(retry_.pause * 2, options_.retry_min, options_.retry_max);
  retry_.at = clock_.steady() + retry_.pause;
}

void AutoSource::try_log() {
  if (!maker_.is_working()) {
    if (retry_.stay || clock_.steady() < retry_.at) return;
    require_nothing_emitted(connection_, log_,
                            options_.wal.relay);  // since the start; or a slot that is made anew hides what is lost
    maker_.begin();
    return;
  }
  const auto outcome = maker_.outcome();
  if (!outcome) return;
  if (outcome->error) return put_off(*outcome->error);
  try {
    go_on(ReadFrom::wal, current().cursor(last_ - part().base));
    retry_.at = clock_.steady();
  } catch (const Error& error) {
    put_off(error);
  }
}

void AutoSource::decode(std::size_t index, MessageView& view) const {
  ANNALS_ASSERT(index < size());
  current().decode(index, view);
  view.ticket += part().base;
}

// What was given

/// The last one that begins below the ticket; a ticket that a part ends with is the next one's beginning, and known to both.
const AutoSource::Part& AutoSource::part_of(std::int64_t ticket) const {
  const auto next = std::find_if(parts_.begin() + 1, parts_.end(), [&](const Part& p) { return p.base > ticket; });
  return *(next - 1);
}

Cursor AutoSource::cursor(std::int64_t ticket) const {
  const auto& of = part_of(ticket);
  return of.source->cursor(ticket - of.base);
}

MessageSource::Place AutoSource::place(std::int64_t ticket) const {
  const auto& of = part_of(ticket);
  return of.source->place(ticket - of.base);
}

std::int64_t AutoSource::watermark(std::int64_t ticket) const {
  const auto& of = part_of(ticket);
  return of.source->watermark(ticket - of.base);
}

/// By its position in the table, whoever gave it.
bool AutoSource::find(std::int64_t ticket, MessageView& view) {
  const auto& of = part_of(ticket);
  if (!of.source->find(ticket - of.base, view)) return false;
  view.ticket = ticket;
  return true;
}

void AutoSource::forget(std::int64_t ticket) {
  wanted_ = std::max(wanted_, ticket);
  while (parts_.size() > 1 && parts_[1].base <= wanted_) parts_.pop_front();
  const auto& of = part_of(wanted_);
  of.source->forget(wanted_ - of.base);
}

void AutoSource::acknowledge(const Cursor& cursor) {
  try_with_current([&](MessageSource& source) { source.acknowledge(cursor); });
}

// Waiting

bool AutoSource::wait(milliseconds wait_max) {
  if (gone_ || broken_) return true;
  bool woken = true;
  try_with_current([&](MessageSource& source) { woken = source.wait(wait_max); });
  return woken;
}

void AutoSource::rest() {
  try_with_current([](MessageSource& source) { source.rest(); });
}

}  // namespace annals::outbox
