#include "log/table_source.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "annals/core/assert.hpp"
#include "annals/core/content_type.hpp"
#include "annals/core/error.hpp"
#include "annals/core/text.hpp"
#include "annals/postgres/connection.hpp"
#include "annals/postgres/horizon_prover.hpp"
#include "annals_outbox_sql.hpp"
#include "log/log_sql.hpp"
#include "log/table_cursor.hpp"

namespace annals::outbox {

using namespace std::chrono_literals;
using postgres::Doorbell;
using postgres::OrderedTail;
using postgres::Params;
using std::chrono::milliseconds;

namespace {

/// Between two looks at who is still in the way of a proof.
constexpr auto proof_pause = 20ms;
/// What a row gives for the stream when it is of none.
constexpr std::int64_t no_stream = 0;

postgres::LogTable table_of(const postgres::MessageLog& log) {
  return postgres::log_table(log.relation, log.select, log.position, log.horizon);
}

MessageSource::State state_of(OrderedTail::State state) noexcept {
  switch (state) {
    case OrderedTail::State::rows: return MessageSource::State::rows;
    case OrderedTail::State::caught_up: return MessageSource::State::caught_up;
    case OrderedTail::State::blocked: return MessageSource::State::blocked;
  }
  return MessageSource::State::caught_up;
}

}  // namespace

TableSource::TableSource(postgres::Connection& connection, Clock& clock, postgres::MessageLog log, Options options)
    : connection_(connection),
      clock_(clock),
      log_(std::move(log)),
      options_(std::move(options)),
      tail_(connection, table_of(log_), {.rows_max = options_.rows_max, .bytes_max = options_.bytes_max}),
      bell_(connection, tail_.table()),
      streams_(connection, log_.stream_names, log_.stream_remedy),
      cluster_(postgres::read_cluster_identity(connection)) {}

// Where to begin

Cursor TableSource::first(const Start& start, milliseconds wait_max) {
  TableCursor cursor{.cluster = cluster_, .place = {}};
  if (start.at == Start::At::end) cursor.place = place_at(proven_end(wait_max));
  if (start.at == Start::At::position) {
    if (start.position < 0) {
      throw invalid(fmt::format("relay \"{}\" is to start at position {}", printable(options_.relay), start.position),
                    "0 is the beginning");
    }
    cursor.place = place_at(start.position);
  }
  return cursor.encode();
}

MessageSource::Place TableSource::place_at(std::int64_t position) {
  const auto row = connection_.query(render_for(sql::place_at, log_), Params{}.bigint(position));
  if (row.empty()) return {};
  return {.position = row.bigint(0, 0), .id = row.uuid(0, 1)};
}

/// A position at the end that nothing can still be committed below.
std::int64_t TableSource::proven_end(milliseconds wait_max) {
  const auto deadline = clock_.steady() + wait_max;
  postgres::HorizonProver prover{connection_, tail_.table()};
  bool proven = prover.begin();
  while (!proven) {
    if (clock_.steady() >= deadline) {
      const auto blockers = prover.blockers();
      throw Error{ErrorKind::overloaded,
                  fmt::format("the end of {} is not settled: a transaction that wrote to it is still open (pid {})",
                              log_.name, blockers.empty() ? 0 : blockers.front().pid),
                  {.hint = "wait for it, or start at a position"}};
    }
    clock_.sleep_for(proof_pause);
    proven = prover.advance();
  }
  return prover.top();
}

void TableSource::start(const Cursor& after) {
  const auto cursor = TableCursor::decode(after);
  require_same_history(cursor);
  rows_.clear();
  places_.assign(1, cursor.place);
  first_ticket_ = wanted_ticket_ = 0;
  state_ = State::rows;
}

void TableSource::require_same_history(const TableCursor& cursor) {
  const auto& made_in = cursor.cluster;
  if (made_in.system_identifier != cluster_.system_identifier) {
    refuse(cursor, fmt::format("was made in cluster {}, and this is cluster {}", printable(made_in.system_identifier),
                               cluster_.system_identifier));
  }
  if (made_in.timeline != cluster_.timeline && options_.accept_timeline != cluster_.timeline) {
    refuse(cursor, fmt::format("was made on timeline {}, and this is timeline {}: the database was failed over or "
                               "restored, and what was published last may be missing here",
                               printable(made_in.timeline), cluster_.timeline));
  }
  if (cursor.place.position == 0) return;
  const auto row = connection_.query(render_for(sql::message_at, log_), Params{}.bigint(cursor.place.position));
  if (row.empty()) {
    refuse(cursor, fmt::format("stands on message {}, which is not there", cursor.place.id.to_string()));
  }
  if (row.uuid(0, 0) != cursor.place.id) {
    refuse(cursor, fmt::format("stands on message {}, but that position holds message {}", cursor.place.id.to_string(),
                               row.uuid(0, 0).to_string()));
  }
}

void TableSource::refuse(const TableCursor& cursor, const std::string& what) const {
  throw Error{ErrorKind::corrupt,
              fmt::format("checkpoint {} of relay \"{}\" on {} {}", cursor.place.position, printable(options_.relay),
                          log_.name, what),
              {.hint = fmt::format("find out which history is the right one; then `{}` makes the checkpoint belong to "
                                   "this database, and what comes after that position is published (again)",
                                   adopt_command(options_.relay, log_.name, cursor.place.position))}};
}

// Reading

MessageSource::State TableSource::read() {
  const auto position = places_.back().position;
  state_ = state_of(tail_.read(position, rows_));
  learn(rows_);
  bell_.looked(rows_.size());
  read_at_ = clock_.steady();
  return state_;
}

/// Keeps of each row what outlives it: its place. Fetches the names of its streams.
void TableSource::learn(const postgres::RowBatch& rows) {
  const auto before = static_cast<std::ptrdiff_t>(
      std::min<std::int64_t>(wanted_ticket_ - first_ticket_, static_cast<std::int64_t>(places_.size()) - 1));
  places_.erase(places_.begin(), places_.begin() + before);
  first_ticket_ += before;
  stream_ids_.clear();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    auto row = rows.row(i);
    const auto position = row.bigint();
    const auto stream = row.bigint();
    if (stream != no_stream) stream_ids_.push_back(stream);
    places_.push_back({.position = position, .id = row.uuid()});
  }
  if (!stream_ids_.empty()) streams_.require(stream_ids_);
}

void TableSource::decode(std::size_t index, MessageView& view) const {
  decode(rows_.row(index), view);
  view.ticket = first_ticket_ + static_cast<std::int64_t>(places_.size() - rows_.size() + index);
}

void TableSource::decode(postgres::RowReader row, MessageView& view) const {
  view.position = row.bigint();
  const auto stream = row.bigint();
  view.id = row.uuid();
  view.topic = row.optional_bytes();
  view.key = row.optional_bytes();
  view.type = row.bytes();
  view.content_type = content_type_from_code(row.smallint());
  view.payload = row.bytes();
  view.time = row.timestamptz();
  view.correlation_id = row.optional_bytes();
  view.causation_id = row.optional_bytes();
  view.traceparent = row.optional_bytes();
  view.tracestate = row.optional_bytes();
  row.pairs(view.headers);
  view.sequence = row.bigint();
  view.subject = stream == no_stream ? std::string_view{} : streams_.name(stream);
  if (stream != no_stream) view.key = view.subject;
}

Cursor TableSource::cursor(std::int64_t ticket) const {
  return TableCursor{.cluster = cluster_, .place = place(ticket)}.encode();
}

MessageSource::Place TableSource::place(std::int64_t ticket) const {
  ANNALS_ASSERT(ticket >= first_ticket_ && ticket - first_ticket_ < static_cast<std::int64_t>(places_.size()));
  return places_[static_cast<std::size_t>(ticket - first_ticket_)];
}

bool TableSource::find(std::int64_t ticket, MessageView& view) {
  // COPY takes no parameters; what is put into the text is an integer and the log's own select.
  const auto position = place(ticket).position;
  connection_.copy_out(
      fmt::format("COPY ({} WHERE {} = {}) TO STDOUT (FORMAT binary)", log_.select, log_.position, position), 1,
      found_);
  if (found_.empty()) return false;
  found_.set_origin(log_.relation);
  auto row = found_.row(0);
  static_cast<void>(row.bigint());
  if (const auto stream = row.bigint(); stream != no_stream) streams_.require({stream});
  decode(found_.row(0), view);
  view.ticket = ticket;
  return true;
}

void TableSource::forget(std::int64_t ticket) { wanted_ticket_ = std::max(wanted_ticket_, ticket); }

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
