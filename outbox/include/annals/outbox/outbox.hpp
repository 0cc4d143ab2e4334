#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "annals/outbox/message.hpp"
#include "annals/postgres/database.hpp"

namespace pqxx {
class transaction_base;
}

namespace annals::outbox {

/// Writes messages beside a service's own changes, in the service's own transaction: they are published when, and only
/// if, that transaction commits.
///
///     pqxx::work tx{connection};
///     tx.exec("UPDATE account …");
///     outbox.enqueue(tx, {.topic = "accounts", .key = "42", .type = "bank.v1.Debited", .payload = bytes});
///     tx.commit();
///
/// Order          messages are published in the order of their positions, which enqueue() draws. For one key that is the order
///                of the commits only if the transactions of the key reach enqueue() one after the other: lock the row that
///                the key stands for first, as the UPDATE above does, or call lock_key() (annals/outbox/key_lock.hpp).
///
/// Lifecycle      construct (opens nothing) -> enqueue() -> destroy; make one a process: each instance prepares its
///                statements once a session. The schema must be there: `annals schema apply`.
/// Thread safety  all methods are thread-safe; each uses only the caller's transaction.
/// Errors         Error{invalid} before anything is sent, and the transaction stays usable; otherwise what the database
///                said, as annals::Error, and the transaction must be rolled back.
/// Limits         annals::limits and message_key_bytes_max; limits::append_events_max messages and
///                limits::append_bytes_max bytes of key, type, payload and metadata a call.
/// Two phases     do not enqueue in transactions that are to be prepared: one that did while a relay was waiting has sent a
///                NOTIFY, and PostgreSQL refuses to PREPARE it (SQLSTATE 0A000; it is then rolled back).
class Outbox {
 public:
  explicit Outbox(const postgres::Database& database);
  ~Outbox();
  Outbox(const Outbox&) = delete;
  Outbox& operator=(const Outbox&) = delete;

  /// Returns the message's position. Never commits, never rolls back.
  std::int64_t enqueue(pqxx::transaction_base& tx, const Message& message) const;
  /// The same for many with one statement; the positions increase in the order given.
  std::vector<std::int64_t> enqueue(pqxx::transaction_base& tx, std::span<const Message> messages) const;

  /// Emits the message: writes it into PostgreSQL's write-ahead log alone, in the same transaction, for relays that read the log
  /// (`source = "wal"`). Nothing is left in the database to vacuum or to drop, and nothing to look at, or to publish again.
  ///
  /// The log is the only place it is in until it is published: who loses the relay's slot (max_slot_wal_keep_size, a standby
  /// without it, a restored backup) loses the messages in it, and the relay then halts instead of going on without them. So it is
  /// refused until an operator has switched it on (`annals outbox emission on`), and while a slot is gone that should have them.
  ///
  /// Order: what is committed first is published first, whatever was drawn first; for one key, too, without any lock. Among the rows of
  /// a relay that reads the log the same holds. A parked key is the exception: what waits there is told from what comes before by its
  /// position, and that is the order of the commits only as for enqueue().
  ///
  /// Returns the message's position, which no row has. Never commits, never rolls back; a transaction that has emitted may be
  /// prepared. Errors and limits are those of enqueue(); Error{failed}, SQLSTATE 55000: it is switched off, or a slot is gone.
  std::int64_t emit(pqxx::transaction_base& tx, const Message& message) const;
  /// The same for many with one statement; in the order given.
  std::vector<std::int64_t> emit(pqxx::transaction_base& tx, std::span<const Message> messages) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace annals::outbox
