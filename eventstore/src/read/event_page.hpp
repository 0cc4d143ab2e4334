#pragma once
#include <memory>
#include <string>
#include <vector>

#include "annals/core/event.hpp"
#include "annals/postgres/ordered_tail.hpp"
#include "annals/postgres/row_batch.hpp"

namespace annals::eventstore {

/// Events as the server sent them, each with the name of its stream: complete in itself, to be fetched by one thread and
/// decoded by another.
struct EventPage {
  postgres::OrderedTail::State state = postgres::OrderedTail::State::caught_up;
  postgres::RowBatch rows;
  std::vector<const std::string*> streams;  ///< one a row
  std::shared_ptr<const void> names;        ///< keeps them

  /// Of a page with rows.
  [[nodiscard]] GlobalPosition first() const { return GlobalPosition{rows.row(0).bigint()}; }
  [[nodiscard]] GlobalPosition last() const { return GlobalPosition{rows.row(rows.size() - 1).bigint()}; }
};

/// Decodes events of pages into one event of its own, which the next call overwrites. Thread safety: none.
class EventDecoder {
 public:
  /// Throws Error{corrupt} naming table, position and column.
  const RecordedEvent& decode(const EventPage& page, std::size_t index);

 private:
  RecordedEvent event_;
};

}  // namespace annals::eventstore
