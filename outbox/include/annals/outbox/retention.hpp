#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace annals::postgres {
class Connection;
}

namespace annals::outbox {

/// The tables that are kept in partitions.
enum class Kept {
  outbox,  ///< messages; every relay has to pass them before they go
  claims,  ///< payloads of messages that were published as a claim (annals/outbox/claim.hpp): age alone counts
};

/// How long messages stay in the outbox once every relay has published them, and payloads among the claims: that long a claim can
/// be redeemed. Kept in the database, for all relays and
/// whoever maintains the table: two of them cannot want different things, and no relay's role can shorten it.
struct RetentionPolicy {
  std::optional<std::string> retain = std::nullopt;  ///< as PostgreSQL writes an interval, "7 days"; nothing: for ever
  /// For so long a partition is written to; nothing: an eighth of `retain`, at least an hour. What is kept is up to that
  /// much more than `retain`; each partition costs every reader's planning a little.
  std::optional<std::string> partition_span = std::nullopt;
  std::optional<std::int64_t> partition_rows = std::nullopt;  ///< no longer than for so many positions; nothing: any
  /// For so long writers may be held up to roll over, and again to drop; nothing: 50 ms, the most are 10 s. More where
  /// transactions that last longer than that always overlap: else nothing would ever be dropped.
  std::optional<std::string> lock_wait = std::nullopt;
};

/// One partition of the outbox, or of the claims.
struct PartitionStatus {
  enum class State {
    ahead,    ///< not written to yet
    written,  ///< has the last message
    kept,     ///< its time is not over, or everything is kept
    held,     ///< its time is over, and a relay has not passed it
    spent,    ///< goes next
  };
  std::string name;
  std::int64_t last_position = 0;                                    ///< of its newest visible row; 0: there is none
  std::int64_t size_bytes = 0;                                       ///< table, indexes and TOAST
  std::optional<std::chrono::milliseconds> last_age = std::nullopt;  ///< of its newest row
  State state = State::kept;
  /// For so long it has been kept beyond `retain`.
  std::chrono::milliseconds overdue{0};
  /// The relay that is the furthest behind, when it has not passed this partition; empty where no relay has a checkpoint.
  std::string held_by;
};

struct RetentionStatus {
  RetentionPolicy policy;
  std::vector<PartitionStatus> partitions;  ///< the oldest first

  [[nodiscard]] std::int64_t size_bytes() const noexcept;
  /// The partition that should have gone the longest ago; nullptr: none should.
  [[nodiscard]] const PartitionStatus* overdue() const noexcept;
};

[[nodiscard]] std::string to_string(PartitionStatus::State state);

/// Asks for a handful of rows and the sizes of files. Throws Error{failed} when the tables are not there.
[[nodiscard]] RetentionStatus read_retention(postgres::Connection& connection, const std::string& schema,
                                             Kept table = Kept::outbox);

/// Takes an operator's right. Throws Error{failed} for what PostgreSQL does not take as an interval, or not as one of these.
void set_retention(postgres::Connection& connection, const std::string& schema, const RetentionPolicy& policy,
                   Kept table = Kept::outbox);

/// What one call of maintain_outbox() did.
struct MaintenanceStep {
  enum class Action {
    attached,  ///< one more partition ahead of the writers
    rolled,    ///< from now on the next partition is written to
    dropped,   ///< what every relay has passed and nobody wants to keep
    busy,      ///< something is to be done, and the table is in use: again later
    none,      ///< nothing is to be done
  };
  Action action = Action::none;
  std::string partition;  ///< its name; empty for none
  std::string detail;     ///< of busy: who is in the way

  /// Whether another call may find more to do at once.
  [[nodiscard]] bool more() const noexcept { return action != Action::busy && action != Action::none; }
};

[[nodiscard]] std::string to_string(MaintenanceStep::Action action);

/// Does one thing of those that are to be done, in a transaction of its own; call it until there is no more(). Safe from any
/// number of places at once: one of them does it, and the others find it busy. Holds writers up by at most
/// lock_wait, and only when nobody uses the table for longer than that.
///
/// The connection must not be inside a transaction. Takes a relay's or an operator's right: what may be done, and no more, is
/// in the function that it calls, which runs as the schema's owner.
/// Throws Error{failed}: a view or a foreign key of somebody's depends on a partition that is to be dropped.
MaintenanceStep maintain_outbox(postgres::Connection& connection, const std::string& schema, Kept table = Kept::outbox);

}  // namespace annals::outbox
