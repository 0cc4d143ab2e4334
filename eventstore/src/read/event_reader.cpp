#include "read/event_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

#include "annals/core/error.hpp"
#include "annals/postgres/connection.hpp"
#include "annals/postgres/sql_text.hpp"
#include "annals_eventstore_sql.hpp"
#include "columns/decode.hpp"
#include "doctor/orphans.hpp"
#include "store/statements.hpp"

namespace annals::eventstore {
namespace {

Error unknown_stream(const std::string& schema, std::int64_t position, std::int64_t stream_id) {
  return Error{ErrorKind::corrupt,
               fmt::format("{}.events: the event at position {} has stream_id {}, which is no stream", schema, position,
                           stream_id),
               {.hint = orphan_remedy(schema)}};
}

}  // namespace

EventReader::EventReader(postgres::Connection& connection, const std::string& schema,
                         postgres::OrderedTail::Options options)
    : connection_(connection),
      schema_(schema),
      tail_(connection, events_table(schema), options),
      streams_(connection, postgres::render(sql::stream_names, schema), orphan_remedy(schema)) {}

EventBatch EventReader::read(GlobalPosition after, std::size_t events_max) {
  const auto state = tail_.read(after.value(), batch_, events_max);
  stream_ids_.clear();
  for (std::size_t i = 0; i < batch_.size(); ++i) {
    auto row = batch_.row(i);
    (void)row.bigint();  // position
    stream_ids_.push_back(row.bigint());
  }
  try {
    streams_.require(stream_ids_);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::corrupt) throw;
    end_before_unknown_streams();
  }
  return {*this, state, batch_.size()};
}

void EventReader::end_before_unknown_streams() {
  const auto rows =
      connection_.query(postgres::render(sql::stream_names, schema_), postgres::Params{}.bigint_array(stream_ids_));
  std::unordered_set<std::int64_t> known;
  for (int row = 0; row < rows.rows(); ++row) known.insert(rows.bigint(row, 0));
  const auto unknown = std::ranges::find_if(stream_ids_, [&](auto id) { return !known.contains(id); });
  const auto good = static_cast<std::size_t>(unknown - stream_ids_.begin());
  if (good == 0) throw unknown_stream(schema_, batch_.row(0).bigint(), stream_ids_.front());
  batch_.shrink(good);
  stream_ids_.resize(std::min(good, stream_ids_.size()));
  streams_.require(stream_ids_);
}

const RecordedEvent& EventReader::event(std::size_t index) {
  auto row = batch_.row(index);
  event_.position = GlobalPosition{row.bigint()};
  const auto stream = streams_.name(row.bigint());
  if (event_.stream.view() != stream) event_.stream = StreamName::from_database(stream);
  columns::CopyFields fields{row};
  columns::read_recorded(fields, event_);
  return event_;
}

}  // namespace annals::eventstore
