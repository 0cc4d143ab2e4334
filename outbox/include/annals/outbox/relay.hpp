#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "annals/postgres/database.hpp"
#include "annals/postgres/ordered_tail.hpp"

namespace annals {
class Clock;
}

namespace annals::outbox {

class Sink;

/// Which table a relay reads.
enum class RelayTable { outbox, events };

/// Events of `category` ("*": all that no other route names) go to `topic`.
struct Route {
  std::string category;
  std::string topic;
};

/// What to do with an event that no route names.
enum class Unrouted { halt, skip };

struct RelayOptions {
  /// Names the checkpoint and the lock: of all relays with one name and table, one publishes, the others stand by.
  std::string name = "relay";
  RelayTable table = RelayTable::outbox;
  std::vector<Route> routes = {};  ///< for RelayTable::events
  Unrouted unrouted = Unrouted::halt;

  // Performance
  std::size_t batch_rows_max = 20'000;                 ///< rows a read
  std::size_t batch_bytes_max = 4U << 20U;             ///< bytes a read
  std::size_t in_flight_max = 100'000;                 ///< messages sent and not yet reported
  std::chrono::milliseconds checkpoint_interval{500};  ///< at most this much is published again after a crash
  std::chrono::milliseconds standby_poll{500};         ///< how often a standby asks for the lock
  /// Called at the named points of a step ("read", "sent", "delivered", "checkpoint", "checkpointed": see relay.cpp);
  /// for fault tests, which kill the process there.
  std::function<void(std::string_view point)> at_point = {};
};

struct StepReport {
  enum class State {
    standby,     ///< another relay owns the table
    publishing,  ///< something was read, sent or reported
    idle,        ///< caught up and everything is delivered
    blocked,     ///< waits for an open transaction; see blockers
  };
  State state = State::standby;
  std::size_t read = 0;                          ///< messages read in this step
  std::size_t delivered = 0;                     ///< messages reported as delivered in this step
  std::size_t in_flight = 0;                     ///< sent, not yet reported
  std::int64_t acknowledged = 0;                 ///< everything up to here is delivered
  std::int64_t checkpoint = 0;                   ///< everything up to here is recorded as delivered
  std::vector<postgres::Blocker> blockers = {};  ///< when blocked for longer than a moment
};

/// Carries committed messages, or events, from one table to a Sink: at least once, per key in commit order.
///
/// Lifecycle      construct (opens its sessions) -> step() many times -> drain() -> destroy. Starts no thread. After an
///                Error, and after drain(), make a new Relay and a new Sink: it goes on from the checkpoint.
/// Thread safety  none: one Relay a thread. Relays of one name on one database are safe: one owns, the others stand by.
/// Ownership      borrows sink and clock; both must outlive the Relay.
/// Errors         Error{disconnected}: database or sink away, try again with new ones; Error{invalid}: a message can
///                never be delivered (poison), an event has no route; Error{corrupt}: the checkpoint belongs to
///                another database. Nothing after a message that was refused is acknowledged.
/// Limits         memory: one batch plus what the sink queues; every wait is bounded by `wait_max`.
class Relay {
 public:
  Relay(const postgres::Database& database, Sink& sink, Clock& clock, RelayOptions options);
  ~Relay();
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

  /// Does one bounded piece of work; when there is none, waits at most `wait_max` for some.
  StepReport step(std::chrono::milliseconds wait_max);
  /// Stops reading, waits at most `wait_max` for what is in flight, records the checkpoint and gives up the ownership.
  /// True when nothing was left in flight.
  bool drain(std::chrono::milliseconds wait_max);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace annals::outbox
