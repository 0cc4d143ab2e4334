#pragma once
#include <cstddef>
#include <string>
#include <vector>

#include "annals/core/event.hpp"
#include "annals/eventstore/event_batch.hpp"
#include "annals/postgres/ordered_tail.hpp"
#include "annals/postgres/row_batch.hpp"
#include "annals/postgres/tail/name_cache.hpp"

namespace annals::eventstore {

/// Reads the log of one schema batch by batch and decodes it. Not thread-safe; borrows the connection.
class EventReader {
 public:
  EventReader(postgres::Connection& connection, const std::string& schema, postgres::OrderedTail::Options options = {});

  /// Fetches the next events after `after`. An event of a stream that does not exist ends them; when it comes first,
  /// Error{corrupt} names it.
  [[nodiscard]] EventBatch read(GlobalPosition after, std::size_t events_max);
  /// Decodes one of the last read; the event is the reader's and is overwritten by the next call.
  const RecordedEvent& event(std::size_t index);

  [[nodiscard]] postgres::OrderedTail& tail() noexcept { return tail_; }

 private:
  void end_before_unknown_streams();

  postgres::Connection& connection_;
  std::string schema_;
  postgres::OrderedTail tail_;
  postgres::NameCache streams_;
  postgres::RowBatch batch_;
  std::vector<std::int64_t> stream_ids_;
  RecordedEvent event_;
};

}  // namespace annals::eventstore
