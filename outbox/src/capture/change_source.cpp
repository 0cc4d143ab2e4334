// The changes of tables.
//
// The log of changes is the write-ahead log itself: there is no table behind it. So everything that is not recorded as published must be in
// the slot, and a slot that was lost, dropped or moved ends the run (ChangeOrigin) instead of leaving something out. Otherwise as the mined
// log (wal/wal_source.cpp): W1, what the slot is told to give up ends before the place of a cursor that is recorded; W3, a place names a
// transaction by its commit and how many of its messages are done with.
//
// A position counts the messages of a relay, from its start on: for people, and for what is set aside. It is in the cursor, with the id of
// the last message; so the same messages have the same positions when they are read again, as long as the captures are the same. The id
// does not depend on the captures: it is made of the place of the change alone.
//
// The publication is looked at when a run begins, before the slot is made: a slot that is older than its publication cannot be read. And once
// a minute: a table that was taken out of it, dropped or renamed is one that nothing comes of any more.
#include "capture/change_source.hpp"

#include <algorithm>
#include <utility>

#include "annals/core/assert.hpp"
#include "annals/postgres/connection.hpp"
#include "capture/published_tables.hpp"

namespace annals::outbox {

using std::chrono::milliseconds;

ChangeSource::ChangeSource(postgres::Connection& connection, Clock& clock, postgres::MessageLog log, Options options)
    : connection_(connection),
      clock_(clock),
      log_(std::move(log)),
      options_(std::move(options)),
      origin_(connection, log_, options_.relay, options_.accept_timeline),
      reader_(connection, clock, options_.captures,
              {.rows_max = options_.rows_max, .bytes_max = options_.bytes_max, .feed = options_.feed}) {}

Cursor ChangeSource::first(const Start& start, milliseconds /*wait_max*/) {
  (void)require_published(connection_, log_.publication, options_.captures, Excluded::are_there);
  return origin_.first(start);
}

void ChangeSource::start(const Cursor& after) {
  reader_.start(origin_.cluster(), {});  // the slot is free for who begins
  check();
  const auto begin = origin_.begin(after);
  last_.size = 0;
  last_.more = false;
  last_.recorded_at = clock_.steady();
  last_.recorded = begin.place.flush;
  ledger_.start(begin.progress, {.place = begin.progress.anchor(), .wal = begin.place});
  reader_.start(origin_.cluster(), begin.place);
  reader_.transactions().open(
      {.name = origin_.slot(), .publication = log_.publication, .values = postgres::ValueForm::text}, last_.recorded);
}

/// A column that is excluded may be gone, and rows that have it still to come: with them it is excluded, and the first row without it is the
/// one to halt at (CapturedTable).
void ChangeSource::check() {
  reader_.know(require_published(connection_, log_.publication, options_.captures, Excluded::may_be_gone));
  last_.checked_at = clock_.steady();
}

std::size_t ChangeSource::take() {
  constexpr std::string_view undefined_object = "42704";
  try {
    return reader_.take(ledger_);
  } catch (const Error& error) {
    const bool of_slot = error.message().find(origin_.slot()) != std::string::npos;
    if (error.sqlstate() != undefined_object || of_slot) throw;
    check();  // who made no other is told so
    throw origin_.unpublished(error.message());
  }
}

MessageSource::State ChangeSource::read() {
  ledger_.shrink();
  last_.read_at = clock_.steady();
  if (last_.read_at - last_.checked_at >= options_.check_interval) check();
  last_.size = take();
  last_.more = reader_.more();
  if (last_.size > 0 || last_.more) {
    reader_.transactions().came();
    return State::rows;
  }
  if (reader_.transactions().is_caught_up()) return State::caught_up;
  last_.more = true;
  return State::rows;
}

void ChangeSource::show(const ChangeEntry& entry, MessageView& view) const {
  const auto& message = *entry.message;
  view = MessageView{.ticket = 0,
                     .position = entry.place.position,
                     .topic = message.topic,
                     .key = message.key,
                     .id = entry.place.id,
                     .type = message.type,
                     .content_type = ContentType::json,
                     .payload = message.payload,
                     .tombstone = message.is_tombstone(),
                     .time = entry.time,
                     .subject = {},
                     .sequence = 0,
                     .correlation_id = {},
                     .causation_id = {},
                     .traceparent = {},
                     .tracestate = {},
                     .headers = {}};
  if (message.fault) {
    view.fault = message.fault->reason;
    view.fault_hint = message.fault->hint;
  }
}

void ChangeSource::decode(std::size_t index, MessageView& view) const {
  ANNALS_ASSERT(index < size());
  const auto ticket = ledger_.ticket_of(index, size());
  show(ledger_.at(ticket), view);
  view.ticket = ticket;
}

bool ChangeSource::find(std::int64_t ticket, MessageView& view) {
  const auto& entry = ledger_.at(ticket);
  if (!entry.message) return false;
  show(entry, view);
  view.ticket = ticket;
  return true;
}

Cursor ChangeSource::cursor(std::int64_t ticket) const {
  const auto& entry = ledger_.at(ticket);
  return WalCursor{.cluster = origin_.cluster(), .place = entry.wal, .progress = Progress{entry.place}}.encode();
}

void ChangeSource::acknowledge(const Cursor& cursor) {
  last_.recorded_at = clock_.steady();
  last_.recorded = std::max(last_.recorded, WalCursor::decode(cursor).place.flush);
  reader_.transactions().confirm(last_.recorded);
}

bool ChangeSource::moved(Move move) const {
  if (!reader_.transactions().is_open() || ledger_.last().wal.flush <= last_.recorded) return false;
  return move == Move::any || clock_.steady() - last_.recorded_at >= options_.move_interval;
}

bool ChangeSource::wait(milliseconds wait_max) {
  if (!reader_.transactions().is_open() || last_.more) return true;
  return reader_.transactions().wait(wait_max) || clock_.steady() - last_.read_at >= options_.poll_interval;
}

}  // namespace annals::outbox
