#pragma once
#include <chrono>
#include <cstddef>
#include <memory>
#include <vector>

#include "annals/core/event.hpp"
#include "annals/eventstore/event_batch.hpp"
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
  struct Options {
    std::size_t rows_max = 20'000;        ///< events a read; more costs memory, less costs round trips
    std::size_t bytes_max = 4U << 20U;    ///< bytes a read
    postgres::Doorbell::Pace pace = {};   ///< how soon to look again while events keep coming
    std::vector<std::string> types = {};  ///< only events of these types; empty: all. Costs a proof a read
  };
  using State = EventBatch::State;
  using Wake = postgres::Doorbell::Wake;

  explicit EventTail(const postgres::Database& database) : EventTail(database, Options{}) {}
  EventTail(const postgres::Database& database, const Options& options);
  ~EventTail();
  EventTail(EventTail&&) noexcept;
  EventTail& operator=(EventTail&&) noexcept;
  EventTail(const EventTail&) = delete;
  EventTail& operator=(const EventTail&) = delete;

  /// Reads the next events after `after`, at most `events_max`; the batch is valid until the next read.
  [[nodiscard]] EventBatch read(GlobalPosition after, std::size_t events_max);
  /// Whether a read is worth it now: false while the pace lets events gather, and while nothing has rung.
  [[nodiscard]] bool ready() const noexcept;
  /// When not ready, or after caught_up: waits until there may be more.
  Wake wait(std::chrono::milliseconds wait);
  /// Before something else that may take longer than Pace::lease: who sleeps and says nothing for so long loses its session.
  void wake_up();
  /// Everything at or below is final and was read, or is not of the types asked for. After caught_up go on from here.
  [[nodiscard]] GlobalPosition horizon() const noexcept;
  /// After blocked: how long until it is worth reading again.
  [[nodiscard]] std::chrono::milliseconds retry_after() const noexcept;
  /// After blocked: the transactions that hold the next position.
  [[nodiscard]] std::vector<postgres::Blocker> blockers();
  /// Position of the last committed event visible now; for lag.
  [[nodiscard]] GlobalPosition last_position();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace annals::eventstore
