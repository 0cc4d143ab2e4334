#include "log/table_source.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "annals/core/error.hpp"
#include "annals/core/text.hpp"
#include "annals/postgres/connection.hpp"
#include "enqueue/emission_guard.hpp"
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
  // A row that a policy hides would be taken for one that was rolled back. So whoever turns one on while we read is told.
  connection.execute("SET row_security = off");
  if (!options_.filter) return;
  // The planner does not know how many rows the filter lets through, and must not sort the whole log for a batch of it. What it thinks
  // that costs then is no reason to compile the statement, which takes longer than to run it.
  connection.execute(
      "SET enable_sort = off; SET enable_bitmapscan = off; SET max_parallel_workers_per_gather = 0; SET jit = off");
  tail_.set_filter(*options_.filter);
}

// Where to begin

Cursor TableSource::first(const Start& start, milliseconds wait_max) { return history_.first(start, wait_max); }

void TableSource::start(const Cursor& after) {
  require_all_in_table(connection_, log_, options_.relay, after);
  auto published = history_.published_of(after);
  if (!published.exact()) require_repeatable();
  published.drop_unknown();
  // What the log has read, or a hole that was closed, is known by its position only.
  const bool known = published.anchor().position == published.watermark();
  const auto place = known ? published.anchor() : history_.place_at(published.watermark());
  published.settle(published.watermark(), place);
  places_.start(published);
  last_.after = last_.recorded = published.watermark();
  last_.placed = place.position == last_.after ? last_.after : -1;
  last_.same = {};
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
  if (last_.state == State::caught_up && options_.filter) pass_over();
  if (last_.state == State::caught_up) settle_place();
  bell_.looked(rows().size());
  last_.read_at = clock_.steady();
  return last_.state;
}

MessageSource::State TableSource::read_in_order() {
  const auto state = state_of(tail_.read(last_.after, last_.rows));
  if (state == State::blocked && tail_.blocked_for() >= go_around_after) {
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
  last_.after = last_.placed = places_.at(places_.last_ticket()).position;
  return state;
}

/// What is left out moves the place on, too: or a quiet shard would begin far behind, and hold up whoever removes published rows.
void TableSource::pass_over() {
  if (tail_.horizon() <= last_.after) return;
  const auto place = history_.place_at(tail_.horizon());
  if (place.position <= last_.after) return;
  last_.after = last_.placed = place.position;
  places_.settle(last_.after, place);
}

/// What went around something ends above what was rolled back, or above what is another shard's: the message that is the last there says the
/// same, and is a place that everybody knows.
void TableSource::settle_place() {
  if (last_.placed == last_.after) return;
  last_.placed = last_.after;
  last_.same = {.watermark = last_.after, .place = history_.place_at(last_.after)};
}

Progress TableSource::published(std::int64_t ticket) const {
  auto out = places_.published(ticket);
  const bool same = out.ranges() == 0 && out.exact() && out.watermark() == last_.same.watermark;
  return same ? Progress{last_.same.place} : out;
}

void TableSource::go_around(Progress given) {
  detour_.emplace(connection_, clock_, tail_.table(),
                  Detour::Options{.limits = limits(options_), .filter = options_.filter}, std::move(given));
}

MessageSource::State TableSource::read_around() {
  const auto state = detour_->read();
  messages_.learn(rows());
  auto other = detour_->others().begin();
  const auto pass_others = [&](std::int64_t below) {
    for (; other != detour_->others().end() && *other < below; ++other) places_.close_with_last(*other);
  };
  for (std::size_t i = 0; i < rows().size(); ++i) {
    const auto place = MessageRows::place_of(rows().row(i));
    pass_others(place.position);
    places_.add(place, PlaceLedger::Order::ahead);
  }
  pass_others(std::numeric_limits<std::int64_t>::max());
  if (detour_->watermark() > last_.after) places_.settle(last_.after = detour_->watermark());
  if (state == Detour::State::rows) return State::rows;
  if (state == Detour::State::waiting) return State::blocked;
  detour_.reset();
  last_.rows.clear();
  // With a filter the tail may wait although nothing is missing: it proves before it looks.
  return options_.filter ? State::caught_up : read_in_order();
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
  const auto published = table_cursor_of(cursor).published;
  const bool same = published.ranges() == 0 && published.watermark() == last_.same.place.position;
  last_.recorded = same ? last_.same.watermark : published.watermark();
  last_.recorded_at = clock_.steady();
}

/// What was given ahead is recorded with the holes below it: when they turn out to be empty, who goes on from there need not know
/// of them.
bool TableSource::moved(Move move) const {
  if (last_.after <= last_.recorded) return false;
  return move == Move::any || !options_.filter || last_.recorded < 0 ||
         clock_.steady() - last_.recorded_at >= move_interval;
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
