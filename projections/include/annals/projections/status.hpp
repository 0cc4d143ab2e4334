#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "annals/core/event_id.hpp"
#include "annals/core/global_position.hpp"
#include "annals/core/timestamp.hpp"

namespace pqxx {
class transaction_base;
}
namespace annals {
class Clock;
}
namespace annals::postgres {
class Connection;
}

namespace annals::projections {

/// One projection, by its checkpoint.
struct ProjectionStatus {
  std::string name = {};
  int version = 1;
  GlobalPosition position = {};  ///< the read model is the fold of everything up to here
  std::int64_t lag_events = 0;   ///< events after it; counted up to 10,000, above that the difference of positions
  bool reset_requested = false;  ///< its runner will empty it and replay from zero
  Timestamp updated_at = {};     ///< when the checkpoint last moved
  int owner_pid = 0;             ///< backend of the runner that owns it; 0 when none runs
  std::string system_identifier = {};    ///< of the cluster that the checkpoint belongs to
  std::optional<EventId> event_id = {};  ///< of the event at `position`
  /// How long events have waited and the checkpoint stood still; nothing: none waits.
  std::optional<std::chrono::milliseconds> still_for = {};
};

/// All projections that ever had a runner, by name and version. Throws Error{invalid} when `schema` is not a plain
/// identifier, Error{not_ready} when the tables are not there.
[[nodiscard]] std::vector<ProjectionStatus> list_projections(postgres::Connection& connection,
                                                             const std::string& schema);

/// Names one projection.
struct ProjectionKey {
  std::string schema = "annals";  ///< of Annals' tables
  std::string name = {};
  int version = 1;
};

/// Asks the projection's runner to empty the read model and to replay from zero. A runner that lives does so at its
/// next transaction (an idle one is woken), one that does not when it is started. False when there is no such
/// projection.
bool reset_projection(postgres::Connection& connection, const ProjectionKey& key);
/// The same with the parts of the key one by one.
bool reset_projection(postgres::Connection& connection, const std::string& schema, const std::string& name,
                      int version);

/// What to adopt: see adopt_projection().
struct Adoption {
  ProjectionKey projection;
  /// The read model holds exactly the events up to here. By default what the checkpoint says.
  std::optional<std::int64_t> position = std::nullopt;
  /// How long to wait for open transactions that may still write at or below it.
  std::chrono::milliseconds settle_timeout{5'000};
};

/// Declares that a projection's checkpoint, and its read model, belong to the database at hand: after an upgrade of the
/// server, a dump and restore, or another deliberate change of history. The runner goes on after the position. This is the
/// operator's decision: nobody can see whether a read model came along with the log. To build it anew use
/// reset_projection().
///
/// The checkpoint lands on the last event at or below the position. Takes the runner's lock for the duration. Nothing when
/// there is no such projection.
/// Throws Error{overloaded} naming the owner while a runner of the projection works, or when a named position may still be
/// written below; Error{invalid} when the log ends before a named position, and when no position is named and the log does
/// not hold the event that the checkpoint stands on: the read model is then ahead of the log, or of another one.
[[nodiscard]] std::optional<ProjectionStatus> adopt_projection(postgres::Connection& connection,
                                                               const Adoption& adoption);

/// Position of a read model as the caller's transaction sees it: read it in the transaction that reads the model, and
/// compare it with Appended::position to read your own writes. Nothing when the projection never ran.
[[nodiscard]] std::optional<GlobalPosition> projection_position(pqxx::transaction_base& tx, const ProjectionKey& key);

/// Waits until the read model contains `position`, at most `wait`; returns whether it does. Looks again after 1, 2, 4 …
/// at most 32 ms.
[[nodiscard]] bool wait_for_projection(postgres::Connection& connection, const ProjectionKey& key,
                                       GlobalPosition position, std::chrono::milliseconds wait, Clock& clock);

}  // namespace annals::projections
