#include "log/table_source.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "annals/core/content_type.hpp"
#include "annals/postgres/connection.hpp"
#include "annals/postgres/sql_text.hpp"
#include "annals_outbox_sql.hpp"
#include "log/relay_table.hpp"

namespace annals::outbox {

using namespace std::chrono_literals;
using postgres::Doorbell;
using postgres::OrderedTail;

namespace {

/// What outbox_rows.sql gives for the stream.
constexpr std::int64_t no_stream = 0;

}  // namespace

TableSource::TableSource(postgres::Connection& connection, Clock& clock, const std::string& schema,
                         const RelayOptions& options)
    : connection_(connection),
      clock_(clock),
      tail_(connection, log_table_of(options.table, schema),
            {.rows_max = options.batch_rows_max, .bytes_max = options.batch_bytes_max}),
      bell_(connection, tail_.table()),
      streams_(connection, postgres::render(sql::stream_names, schema)) {}

void TableSource::start(std::int64_t position) {
  position_ = position;
  state_ = OrderedTail::State::rows;
  ready_ = true;
  rows_.clear();
}

OrderedTail::State TableSource::read() {
  state_ = tail_.read(position_, rows_);
  learn_streams(rows_);
  bell_.looked(rows_.size());
  read_at_ = clock_.steady();
  ready_ = state_ == OrderedTail::State::rows && tail_.more();
  if (!rows_.empty()) position_ = rows_.row(rows_.size() - 1).bigint();
  return state_;
}

bool TableSource::ready() const noexcept { return ready_ || (state_ == OrderedTail::State::rows && bell_.due()); }

void TableSource::listen(std::chrono::milliseconds wait, std::chrono::milliseconds slow_poll) {
  const auto wake = bell_.wait(wait);
  ready_ = wake != Doorbell::Wake::timed_out || clock_.steady() - read_at_ >= slow_poll;
}

bool TableSource::find(std::int64_t position, MessageView& view) {
  const auto& table = tail_.table();
  connection_.copy_out(
      fmt::format("COPY ({} WHERE {} = {}) TO STDOUT (FORMAT binary)", table.select, table.position, position), 1,
      found_);
  if (found_.empty()) return false;
  learn_streams(found_);
  decode(found_.row(0), view);
  return true;
}

void TableSource::learn_streams(const postgres::RowBatch& rows) {
  stream_ids_.clear();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    auto row = rows.row(i);
    static_cast<void>(row.bigint());  // position
    const auto stream = row.bigint();
    if (stream == no_stream) return;  // all rows of the outbox
    stream_ids_.push_back(stream);
  }
  streams_.require(stream_ids_);
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

}  // namespace annals::outbox
