#pragma once
#include <optional>
#include <string>
#include <vector>

#include "annals/core/timestamp.hpp"
#include "annals/postgres/message_log.hpp"
#include "annals/postgres/replication/lsn.hpp"

namespace annals::postgres {
class Connection;
}

namespace annals::outbox {

/// Whether messages may be emitted (Outbox::emit(), outbox_emit()): written into the write-ahead log alone, beside the outbox's
/// table. Kept in the database, for all writers and relays: a writer is refused while it is off, and a relay that reads the table
/// refuses to start while it is on.
struct EmissionStatus {
  std::vector<std::string> slots = {};    ///< that must have what is emitted, one of each relay; empty: it is off
  std::vector<std::string> missing = {};  ///< those of them that are gone or lost: writers are refused
  /// Nothing was emitted that commits behind it; the largest there is while it is on.
  postgres::Lsn emitted_until;
  std::optional<Timestamp> changed_at = std::nullopt;
  std::string changed_by = {};

  [[nodiscard]] bool is_on() const noexcept { return !slots.empty(); }
};

/// Throws Error{failed} when the table is not there, Error{invalid} for a log beside which nothing is emitted.
[[nodiscard]] EmissionStatus read_emission(postgres::Connection& connection, const postgres::MessageLog& log);

/// Lets writers emit. Every relay of the log that has a checkpoint must read the write-ahead log, and have its slot: what is emitted
/// is in no other place. Doing it again takes the slots as they are now. Takes an operator's right.
///
/// Throws Error{not_ready}, naming the relay and the remedy, or PostgreSQL 13; Error{overloaded}: transactions that have emitted stay open.
void switch_emission_on(postgres::Connection& connection, const postgres::MessageLog& log);

/// What becomes of messages that were emitted and are not published yet.
enum class Emitted {
  publish,  ///< relays go on reading the log for them; one that is to read the table refuses to start until it is past them
  give_up,  ///< they are lost, as an operator has decided: they may be gone already, with a slot
};
/// Refuses writers to emit from now on. Waits a few seconds for the transactions that have emitted. Takes an operator's right.
///
/// Throws Error{overloaded}: they stay open.
void switch_emission_off(postgres::Connection& connection, const postgres::MessageLog& log, Emitted emitted);

}  // namespace annals::outbox
