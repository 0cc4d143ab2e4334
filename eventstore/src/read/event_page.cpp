#include "read/event_page.hpp"

#include "columns/decode.hpp"

namespace annals::eventstore {

const RecordedEvent& EventDecoder::decode(const EventPage& page, std::size_t index) {
  auto row = page.rows.row(index);
  event_.position = GlobalPosition{row.bigint()};
  (void)row.bigint();  // stream_id
  const auto& stream = *page.streams[index];
  if (event_.stream.view() != stream) event_.stream = StreamName::from_database(stream);
  columns::CopyFields fields{row};
  columns::read_recorded(fields, event_);
  return event_;
}

}  // namespace annals::eventstore
