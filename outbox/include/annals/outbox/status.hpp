#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "annals/core/event_id.hpp"
#include "annals/core/timestamp.hpp"
#include "annals/outbox/relay.hpp"

namespace annals::postgres {
class Connection;
}

namespace annals::outbox {

/// "outbox" or "events": how the relay_checkpoints table and the programs name the table that a relay reads.
[[nodiscard]] std::string_view to_string(RelayTable table) noexcept;
/// The reverse; nothing for anything else.
[[nodiscard]] std::optional<RelayTable> parse_relay_table(std::string_view text) noexcept;

/// The outbox table as it is now. Cheap: no count, no scan.
struct OutboxStatus {
  std::int64_t last_position = 0;   ///< of the newest visible row; 0 when there is none
  std::int64_t rows_estimated = 0;  ///< by the planner's statistics; wrong until the first ANALYZE
  std::int64_t size_bytes = 0;      ///< table, indexes and TOAST
  /// Age of the oldest message that at least one relay of the outbox still has to deliver (with no relay: the oldest at
  /// all); nothing when everything is delivered.
  std::optional<std::chrono::milliseconds> oldest_unpublished_age;
};

/// The session that owns a relay's lock. Members are empty where this role may not look (pg_read_all_stats may).
struct RelayOwner {
  int pid = 0;
  std::string application_name;
  std::string client_address;  ///< empty for a Unix socket
};

/// One relay, by its checkpoint.
struct RelayStatus {
  std::string relay;
  RelayTable table = RelayTable::outbox;
  std::int64_t position = 0;      ///< everything up to here is delivered
  std::int64_t lag_messages = 0;  ///< positions after it; an upper bound, because rolled-back positions count
  std::optional<std::chrono::milliseconds> oldest_age;  ///< of the first message after it; nothing when caught up
  std::optional<RelayOwner> owner;                      ///< nothing when no relay of this name is publishing
  Timestamp updated_at;                                 ///< when the checkpoint was written
  std::string system_identifier;                        ///< of the cluster that the checkpoint belongs to
  std::string timeline;
  std::optional<EventId> message_id;  ///< of the message at `position`
};

/// Throws Error{invalid} when `schema` is not a plain identifier, Error{failed} when the tables are not there.
[[nodiscard]] OutboxStatus read_outbox_status(postgres::Connection& connection, const std::string& schema);

/// All relays that ever had a checkpoint, by name and table.
[[nodiscard]] std::vector<RelayStatus> read_relay_status(postgres::Connection& connection, const std::string& schema);

/// What to adopt: see adopt_checkpoint().
struct Adoption {
  std::string relay = "relay";
  RelayTable table = RelayTable::outbox;
  /// Everything up to here counts as delivered and everything after it is published (again). By default the recorded
  /// position stays.
  std::optional<std::int64_t> position = std::nullopt;
};

/// Declares that a relay's checkpoint belongs to the database at hand, after a dump and restore or another deliberate
/// change of history; creates the checkpoint when there is none and a position is given. This is the operator's
/// decision: messages up to the position are never published again.
///
/// The checkpoint lands on the last row at or below the position. Takes the relay's lock for the duration.
/// Throws Error{overloaded} naming the owner while a relay of that name runs; Error{invalid} when there is no
/// checkpoint and no position, or when the log ends before the position.
RelayStatus adopt_checkpoint(postgres::Connection& connection, const std::string& schema, const Adoption& adoption);

}  // namespace annals::outbox
