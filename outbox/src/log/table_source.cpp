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

/// Between two checkpoints of a source that has no messages of its own.
constexpr milliseconds move_interval{1'000};

MessageSource::State state_of(OrderedTail::State state) noexcept {
  switch (state) {
    case OrderedTail::State::rows: return MessageSource::State::rows;
    case OrderedTail::State::caught_up: return MessageSource::State::caught_up;
    case OrderedTail::State::blocked: return MessageSource::State::blocked;
  }
  return MessageSource::State::caught_up;
}

/// What the write-ahead log has published beyond the first that is not published would be published again.
void require_whole(const Cursor& after, const std::string& relay, const std::string& log) {
  if (!WalCursor::is(after)) return;
  const auto progress = WalCursor::decode(after).progress;
  if (progress.exact() && progress.ranges() == 0) return;
  throw invalid(fmt::format("relay \"{}\" has published some of {} from the write-ahead log out of the table's order",
                            printable(relay), log),
                "run it with source = \"wal\" until it is idle, and stop it then: the table goes on exactly there");
}

}  // namespace

TableSource::TableSource(postgres::Connection& connection, Clock& clock, postgres::MessageLog log, Options options)
    : connection_(connection),
      clock_(clock),
      log_(std::move(log)),
      options_(std::move(options)),
      history_(connection, log_, {.relay = options_.relay, .accept_timeline = options_.accept_timeline}),
      tail_(connection, postgres::log_table(log_), {.rows_max = options_.rows_max, .bytes_max = options_.bytes_max}),
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
  require_whole(after, options_.relay, log_.name);
  auto place = history_.place_of(table_cursor_of(after).encode());
  // A cursor of the log is recognised by a message that may be before the last one that is published.
  if (WalCursor::is(after)) place = history_.place_at(WalCursor::decode(after).progress.watermark());
  places_.start(place);
  rows_.clear();
  state_ = State::rows;
  recorded_ = place.position;
  recorded_at_ = clock_.steady();
}

// Reading

MessageSource::State TableSource::read() {
  state_ = state_of(tail_.read(places_.done(places_.last_ticket()).position, rows_));
  places_.shrink();
  messages_.learn(rows_, places_);
  if (options_.filter && state_ == State::caught_up) pass_over();
  bell_.looked(rows_.size());
  read_at_ = clock_.steady();
  return state_;
}

/// What is left out moves the place on, too: or a quiet shard would begin far behind, and hold up whoever removes published rows.
void TableSource::pass_over() {
  if (tail_.horizon() <= places_.done(places_.last_ticket()).position) return;
  const auto place = history_.place_at(tail_.horizon());
  if (place.position > places_.done(places_.last_ticket()).position) places_.pass(place);
}

void TableSource::acknowledge(const Cursor& cursor) {
  recorded_ = table_cursor_of(cursor).place.position;
  recorded_at_ = clock_.steady();
}

bool TableSource::moved() const {
  return options_.filter && places_.done(places_.last_ticket()).position > recorded_ &&
         clock_.steady() - recorded_at_ >= move_interval;
}

void TableSource::decode(std::size_t index, MessageView& view) const {
  messages_.decode(rows_.row(index), view);
  view.ticket = places_.ticket_of(index, rows_.size());
}

bool TableSource::find(std::int64_t ticket, MessageView& view) {
  if (!lookup_.find(place(ticket).position, view)) return false;
  view.ticket = ticket;
  return true;
}

// Waiting

bool TableSource::wait(milliseconds wait_max) {
  if (state_ == State::blocked) {
    (void)bell_.drain();
    const auto left = tail_.retry_after();
    if (left > 0ms) clock_.sleep_for(std::min(wait_max, left));
    return left <= wait_max;
  }
  if (state_ == State::rows && tail_.more()) return true;
  const auto wake = bell_.wait(wait_max);
  return wake != Doorbell::Wake::timed_out || clock_.steady() - read_at_ >= options_.poll_interval;
}

}  // namespace annals::outbox
