#include "event_row.hpp"

namespace annals::eventstore {

void read_event(postgres::RowReader row, RecordedEvent& event) {
  event.position = GlobalPosition{row.bigint()};
  const auto stream = row.bytes();
  if (event.stream.view() != stream) event.stream = StreamName::from_database(stream);
  event.version = StreamVersion{row.bigint()};
  event.id = row.uuid();
  event.type = row.bytes();
  event.content_type = content_type_from_code(row.smallint());
  event.data = row.bytes();
  event.recorded_at = row.timestamptz();
  event.occurred_at = row.optional_timestamptz();
  event.metadata.correlation_id = row.optional_bytes();
  event.metadata.causation_id = row.optional_bytes();
  event.metadata.traceparent = row.optional_bytes();
  event.metadata.tracestate = row.optional_bytes();
  row.pairs(event.metadata.headers);
}

}  // namespace annals::eventstore
