#pragma once
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "annals/core/event.hpp"
#include "annals/postgres/database.hpp"
#include "annals/postgres/doorbell.hpp"
#include "annals/postgres/ordered_tail.hpp"

namespace annals::eventstore {

/// Follows the log of events: read() what is there, wait() for more. Events come in position order, none is skipped.
///
/// Lifecycle      construct (opens its sessions) -> read()/wait() -> destroy; after Error{disconnected} construct anew and
///                go on from the last position.
/// Thread safety  none.
/// Limits         one read keeps at most options.bytes_max (plus one event) in memory.
class EventTail {
 public:
  using Options = postgres::OrderedTail::Options;
  using State = postgres::OrderedTail::State;
  using Wake = postgres::Doorbell::Wake;

  explicit EventTail(const postgres::Database& database) : EventTail(database, Options{}) {}
  EventTail(const postgres::Database& database, Options options);
  ~EventTail();
  EventTail(EventTail&&) noexcept;
  EventTail& operator=(EventTail&&) noexcept;
  EventTail(const EventTail&) = delete;
  EventTail& operator=(const EventTail&) = delete;

  /// Visits the next events after `after`, at most `events_max`. The event is reused between calls. The whole batch has
  /// been read before the first visit: no database transaction is open while `visit` runs.
  State read(GlobalPosition after, std::size_t events_max, const std::function<void(const RecordedEvent&)>& visit);
  /// After caught_up: waits until there may be more.
  Wake wait(std::chrono::milliseconds wait);
  /// After blocked: the transactions that hold the next position.
  [[nodiscard]] std::vector<postgres::Blocker> blockers();
  /// Position of the last committed event visible now; for lag.
  [[nodiscard]] GlobalPosition last_position();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace annals::eventstore
