#include "read/event_reader.hpp"

#include "store/statements.hpp"

namespace annals::eventstore {

EventReader::EventReader(postgres::Connection& connection, const std::string& schema,
                         postgres::OrderedTail::Options options)
    : tail_(connection, events_table(schema), options), names_(connection, schema) {}

void EventReader::fetch(GlobalPosition after, std::size_t events_max, EventPage& page) {
  page.state = tail_.read(after.value(), page.rows, events_max);
  names_.resolve(page);
}

EventBatch EventReader::read(GlobalPosition after, std::size_t events_max) {
  fetch(after, events_max, page_);
  return {*this, page_.state, page_.rows.size()};
}

}  // namespace annals::eventstore
