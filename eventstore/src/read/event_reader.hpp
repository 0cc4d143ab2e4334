#pragma once
#include <cstddef>
#include <string>

#include "annals/core/event.hpp"
#include "annals/eventstore/event_batch.hpp"
#include "annals/postgres/ordered_tail.hpp"
#include "read/event_page.hpp"
#include "read/stream_names.hpp"

namespace annals::eventstore {

/// Reads the log of one schema batch by batch and decodes it. Not thread-safe; borrows the connection.
class EventReader {
 public:
  EventReader(postgres::Connection& connection, const std::string& schema, postgres::OrderedTail::Options options = {});

  /// Fetches the next events after `after`. An event of a stream that does not exist ends them; when it comes first,
  /// Error{corrupt} names it.
  void fetch(GlobalPosition after, std::size_t events_max, EventPage& page);
  /// The same into a page of its own.
  [[nodiscard]] EventBatch read(GlobalPosition after, std::size_t events_max);
  /// Decodes one of the last read; the event is the reader's and is overwritten by the next call.
  const RecordedEvent& event(std::size_t index) { return decoder_.decode(page_, index); }

  [[nodiscard]] postgres::OrderedTail& tail() noexcept { return tail_; }

 private:
  postgres::OrderedTail tail_;
  StreamNames names_;
  EventPage page_;
  EventDecoder decoder_;
};

}  // namespace annals::eventstore
