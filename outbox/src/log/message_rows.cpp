#include "log/message_rows.hpp"

#include "annals/core/content_type.hpp"

namespace annals::outbox {
namespace {

/// What a row gives for the stream when it is of none.
constexpr std::int64_t no_stream = 0;

}  // namespace

void MessageRows::learn(const postgres::RowBatch& rows) {
  stream_ids_.clear();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    auto row = rows.row(i);
    static_cast<void>(row.bigint());
    if (const auto stream = row.bigint(); stream != no_stream) stream_ids_.push_back(stream);
  }
  if (!stream_ids_.empty()) streams_.require(stream_ids_);
}

void MessageRows::learn(postgres::RowReader row) {
  static_cast<void>(row.bigint());
  if (const auto stream = row.bigint(); stream != no_stream) streams_.require({stream});
}

MessageSource::Place MessageRows::place_of(postgres::RowReader row) {
  const auto position = row.bigint();
  static_cast<void>(row.bigint());
  return {.position = position, .id = row.uuid()};
}

void MessageRows::decode(postgres::RowReader row, MessageView& view) const {
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
  view.fault.clear();
  view.subject = stream == no_stream ? std::string_view{} : streams_.name(stream);
  if (stream != no_stream) view.key = view.subject;
}

}  // namespace annals::outbox
