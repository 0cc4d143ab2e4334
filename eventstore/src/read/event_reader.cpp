#include "read/event_reader.hpp"

#include "annals/postgres/connection.hpp"
#include "annals/postgres/sql_text.hpp"
#include "annals_eventstore_sql.hpp"
#include "store/statements.hpp"

namespace annals::eventstore {

EventReader::EventReader(postgres::Connection& connection, const std::string& schema,
                         postgres::OrderedTail::Options options)
    : tail_(connection, events_table(schema), options),
      streams_(connection, postgres::render(sql::stream_names, schema)) {}

postgres::OrderedTail::State EventReader::read(GlobalPosition after, std::size_t events_max) {
  const auto state = tail_.read(after.value(), batch_, events_max);
  stream_ids_.clear();
  for (std::size_t i = 0; i < batch_.size(); ++i) {
    auto row = batch_.row(i);
    (void)row.bigint();  // position
    stream_ids_.push_back(row.bigint());
  }
  streams_.require(stream_ids_);
  return state;
}

const RecordedEvent& EventReader::event(std::size_t index) {
  auto row = batch_.row(index);
  event_.position = GlobalPosition{row.bigint()};
  const auto stream = streams_.name(row.bigint());
  if (event_.stream.view() != stream) event_.stream = StreamName::from_database(stream);
  event_.version = StreamVersion{row.bigint()};
  event_.id = row.uuid();
  event_.type = row.bytes();
  event_.content_type = content_type_from_code(row.smallint());
  event_.data = row.bytes();
  event_.recorded_at = row.timestamptz();
  event_.occurred_at = row.optional_timestamptz();
  event_.metadata.correlation_id = row.optional_bytes();
  event_.metadata.causation_id = row.optional_bytes();
  event_.metadata.traceparent = row.optional_bytes();
  event_.metadata.tracestate = row.optional_bytes();
  row.pairs(event_.metadata.headers);
  return event_;
}

}  // namespace annals::eventstore
