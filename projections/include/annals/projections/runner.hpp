#pragma once
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "annals/core/global_position.hpp"
#include "annals/postgres/database.hpp"
#include "annals/postgres/ordered_tail.hpp"
#include "annals/projections/projection.hpp"

namespace annals {
class Clock;
class TypeRegistry;
}  // namespace annals

namespace annals::projections {

struct RunnerOptions {
  std::size_t batch_events_max = 5'000;         ///< events a transaction; more is faster and repeats more after a crash
  std::size_t batch_bytes_max = 4U << 20U;      ///< bytes a read; the batch is in memory while it is applied
  std::chrono::milliseconds standby_poll{500};  ///< how often a standby asks for the ownership
  /// Under load events gather for this long before they are applied together: a transaction a batch, not an event. Adds
  /// as much to the lag of the read model.
  std::chrono::milliseconds gather{25};
  /// Called at the named points of a step ("read", "locked", "applied", "flushed", "commit", "committed": runner.cpp);
  /// for fault tests, which kill the process there.
  std::function<void(std::string_view point)> at_point = {};
};

struct StepReport {
  enum class State {
    standby,  ///< another runner owns the projection
    running,  ///< a batch was applied, or the projection was reset; there may be more
    idle,     ///< caught up; waited for the doorbell
    blocked,  ///< the next event's position is held by an open transaction; see blockers
  };
  State state = State::standby;
  std::size_t applied = 0;       ///< events of this step's transaction
  GlobalPosition position = {};  ///< the read model is the fold of everything up to here
  bool reset = false;            ///< this step emptied the read model; it is replayed from zero
  std::vector<postgres::Blocker> blockers = {};
};

/// Keeps one projection up to date: reads the log in batches and applies each in one transaction with its checkpoint,
/// so that every event takes effect exactly once, whatever is killed or cut and whenever. runner.cpp opens with the
/// argument.
///
///     Runner runner{database, projection, types, clock};
///     while (!stop.stop_requested()) runner.step(200ms);
///
/// Lifecycle      construct (opens its sessions) -> step() many times -> destroy. Starts no thread. After
///                Error{disconnected, in_doubt} make a new Runner: it goes on from the checkpoint. After another Error
///                the same Runner may be stepped again: it repeats the batch.
/// Thread safety  none, except caught_up_to() and position(). Runners of one projection on one database are safe: one
///                owns, the others stand by.
/// Ownership      borrows projection, types and clock; all must outlive it.
/// Errors         a handler or hook that throws: nothing moved, Error (of the same kind where it was one) naming
///                projection, position, stream and type; Error{disconnected}; Error{corrupt}: the checkpoint belongs to
///                another history, and the hint has the command that adopts it; the ownership is given up meanwhile. The
///                constructor: Error{not_ready}, schema, step or rights are missing. In a rolling deployment they may come:
///                try again for a while, not for ever, for a name that is mistyped never comes. A projection's name is
///                part of its code: another one is another read model, which begins at zero.
/// Limits         memory: one batch; every wait is bounded by `wait_max`.
class Runner {
 public:
  Runner(const postgres::Database& database, const Projection& projection, const TypeRegistry& types, Clock& clock)
      : Runner(database, projection, types, clock, RunnerOptions{}) {}
  Runner(const postgres::Database& database, const Projection& projection, const TypeRegistry& types, Clock& clock,
         RunnerOptions options);
  ~Runner();
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;

  /// Does one bounded piece of work; when there is none, waits at most `wait_max` for some.
  StepReport step(std::chrono::milliseconds wait_max);
  /// Empties the read model and sets the checkpoint to zero, in one transaction; the owner replays from there. Any
  /// runner of the projection may be asked. Throws Error{invalid} when the projection has no reset hook.
  void reset();

  /// What this runner knows to be committed; asks nobody. For other processes see projection_position() in status.hpp.
  [[nodiscard]] GlobalPosition position() const noexcept;
  [[nodiscard]] bool caught_up_to(GlobalPosition position) const noexcept { return this->position() >= position; }
  /// Position of the last committed event, for lag; asks the server.
  [[nodiscard]] GlobalPosition log_end();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace annals::projections
