#include "log/table_source.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "annals/core/error.hpp"
#include "annals/core/text.hpp"
#include "annals/postgres/connection.hpp"
#include "wal/wal_cursor.hpp"

namespace annals::outbox {

using namespace std::chrono_literals;
using postgres::Doorbell;
using postgres::OrderedTail;
using std::chrono::milliseconds;

namespace {

MessageSource::State state_of(OrderedTail::State state) noexcept {
  switch (state) {
    case OrderedTail::State::rows: return MessageSource::State::rows;
    case OrderedTail::State::caught_up: return MessageSource::State::caught_up;
    case OrderedTail::State::blocked: return MessageSource::State::blocked;
  }
  return MessageSource::State::caught_up;
}

/// A transaction in the way is waited for so long: most commit within milliseconds.
constexpr milliseconds go_around_after = 10ms;
/// Between two checkpoints of a source of some rows that are not there.
constexpr milliseconds move_interval = 1'000ms;
/// A wait that is shorter is no reason to be woken.
constexpr milliseconds bell_from = 5ms;

postgres::RangeReader::Options limits(const TableSource::Options& options) {
  return {.rows_max = options.rows_max, .bytes_max = options.bytes_max};
}

}  // namespace

TableSource::TableSource(postgres::Connection& connection, Clock& clock, postgres::MessageLog log, Options options)
    : connection_(connection),
      clock_(clock),
      log_(std::move(log)),
      options_(std::move(options)),
      history_(connection, log_, {.relay = options_.relay, .accept_timeline = options_.accept_timeline}),
      tail_(connection, postgres::log_table(log_), limits(options_)),
      bell_(connection, tail_.table()),
      messages_(connection, log_),
      lookup_(connection, log_) {
  if (!options_.filter) return;
  // The planner does not know how many rows the filter lets through, and must not sort the whole log for a batch of it.
  connection.execute("SET enable_sort = off; SET enable_bitmapscan = off; SET max_parallel_workers_per_gather = 0");
  tail_.set_filter(*options_.filter);
}

// Where to begin

Cursor TableSource::first(const Start& start, milliseconds wait_max) {
  return history_.first(tail_.table(), start, wait_max);
}

void TableSource::start(const Cursor& after) {
  auto published = history_.published_of(after);
  const bool whole = published.exact() && (published.ranges() == 0 || !options_.filter);
  if (!whole) require_repeatable();
  published.drop_unknown();
  // What the log has read, or a hole that was closed, is known by its position only.
  const bool known = published.anchor().position == published.watermark();
  const auto place = known ? published.anchor() : history_.place_at(published.watermark());
  if (options_.filter) published = Progress{place};
  published.settle(published.watermark(), place);
  places_.start(published);
  last_.after = last_.recorded = published.watermark();
  last_.recorded_at = clock_.steady();
  // As a single place it says all, to whoever changes the shards, too.
  if (!TableCursor::is_place(after)) last_.recorded = -1;
  detour_.reset();
  last_.rows.clear();
  last_.state = State::rows;
  if (published.ranges() > 0) go_around(std::move(published));
}

void TableSource::require_repeatable() const {
  if (options_.may_repeat) return;
  throw invalid(
      fmt::format("relay \"{}\" has published more of {} out of the table's order than its checkpoint can say",
                  printable(options_.relay), log_.name),
      "run it with source = \"wal\" until it is idle, and stop it then: the table goes on exactly there");
}

// Reading

MessageSource::State TableSource::read() {
  places_.shrink();
  last_.state = detour_ ? read_around() : read_in_order();
  if (options_.filter && last_.state == State::caught_up) pass_over();
  bell_.looked(rows().size());
  last_.read_at = clock_.steady();
  return last_.state;
}

/// Which holes are whose a filter hides: with one, all is read in order.
MessageSource::State TableSource::read_in_order() {
  const auto state = state_of(tail_.read(last_.after, last_.rows));
  if (state == State::blocked && !options_.filter && tail_.blocked_for() >= go_around_after) {
    auto given = places_.published(places_.last_ticket());
    given.settle(last_.after);
    go_around(std::move(given));
    return read_around();
  }
  if (last_.rows.empty()) return state;
  messages_.learn(last_.rows);
  for (std::size_t i = 0; i < last_.rows.size(); ++i) {
    places_.add(MessageRows::place_of(last_.rows.row(i)), PlaceLedger::Order::in_order);
  }
  last_.after = places_.at(places_.last_ticket()).position;
  return state;
}

/// What is left out moves the place on, too: or a quiet shard would begin far behind, and hold up whoever removes published rows.
void TableSource::pass_over() {
  if (tail_.horizon() <= last_.after) return;
  const auto place = history_.place_at(tail_.horizon());
  if (place.position <= last_.after) return;
  last_.after = place.position;
  places_.settle(last_.after, place);
}

void TableSource::go_around(Progress given) {
  detour_.emplace(connection_, clock_, tail_.table(), limits(options_), std::move(given));
}

MessageSource::State TableSource::read_around() {
  const auto state = detour_->read();
  messages_.learn(rows());
  for (std::size_t i = 0; i < rows().size(); ++i) {
    places_.add(MessageRows::place_of(rows().row(i)), PlaceLedger::Order::ahead);
  }
  if (detour_->watermark() > last_.after) places_.settle(last_.after = detour_->watermark());
  if (state == Detour::State::rows) return State::rows;
  if (state == Detour::State::waiting) return State::blocked;
  detour_.reset();
  last_.rows.clear();
  return read_in_order();
}

void TableSource::decode(std::size_t index, MessageView& view) const {
  messages_.decode(rows().row(index), view);
  view.ticket = places_.ticket_of(index, size());
}

bool TableSource::find(std::int64_t ticket, MessageView& view) {
  if (!lookup_.find(place(ticket).position, view)) return false;
  view.ticket = ticket;
  return true;
}

// What is recorded

void TableSource::acknowledge(const Cursor& cursor) {
  last_.recorded = table_cursor_of(cursor).published.watermark();
  last_.recorded_at = clock_.steady();
}

/// What was given ahead is recorded with the holes below it: when they turn out to be empty, who goes on from there need not know
/// of them.
bool TableSource::moved() const {
  return last_.after > last_.recorded && (!options_.filter || clock_.steady() - last_.recorded_at >= move_interval);
}

// Waiting

bool TableSource::wait(milliseconds wait_max) {
  if (detour_) return wait_for_holes(wait_max);
  if (last_.state == State::blocked) {
    (void)bell_.drain();
    const auto left = tail_.retry_after();
    if (left > 0ms) clock_.sleep_for(std::min(wait_max, left));
    return left <= wait_max;
  }
  if (last_.state == State::rows && tail_.more()) return true;
  const auto wake = bell_.wait(wait_max);
  return wake != Doorbell::Wake::timed_out || clock_.steady() - last_.read_at >= options_.poll_interval;
}

bool TableSource::wait_for_holes(milliseconds wait_max) {
  if (detour_->more()) return true;
  const auto left = detour_->retry_after();
  if (left >= bell_from) return bell_.wait(std::min(wait_max, left)) != Doorbell::Wake::timed_out || left <= wait_max;
  (void)bell_.drain();
  clock_.sleep_for(std::min(wait_max, left));
  return left <= wait_max;
}

}  // namespace annals::outbox
