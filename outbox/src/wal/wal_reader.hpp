#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "annals/core/clock.hpp"
#include "annals/outbox/message.hpp"
#include "annals/postgres/database.hpp"
#include "annals/postgres/message_log.hpp"
#include "annals/postgres/replication/replication_stream.hpp"
#include "progress/progress.hpp"
#include "wal/pgoutput.hpp"
#include "wal/wal_cursor.hpp"
#include "wal/wal_ledger.hpp"
#include "wal/wal_rows.hpp"

namespace annals::outbox {

/// The messages in the stream of a slot, a batch at a time: those that are not published yet.
///
/// Lifecycle      construct -> start() -> open() -> take() … -> start() again.
/// Thread safety  none. Ownership: borrows log and clock; opens a session of its own.
/// Errors         those of ReplicationStream, pgoutput and WalRows.
/// Limits         rows_max and bytes_max a batch; a single message may exceed bytes_max.
class WalReader {
 public:
  struct Limits {
    std::size_t rows_max;
    std::size_t bytes_max;
  };
  /// A message as it came, and where it stands.
  struct Item {
    postgres::ReplicationStream::Change change;
    const WalRows::Layout* layout;
    WalLedger::Entry entry;
    std::int64_t stream;  ///< 0: of none
  };

  WalReader(const postgres::MessageLog& log, Clock& clock, Limits limits);

  /// Forgets the run before. This is published, and up to this place all is done with.
  void start(Progress published, const WalPlace& place);
  /// Begins to read; waits a few seconds for a session that has ended to give the slot up.
  void open(const postgres::Database& database, const std::string& slot);
  [[nodiscard]] bool is_open() const noexcept { return stream_.has_value(); }
  [[nodiscard]] postgres::ReplicationStream& stream() { return *stream_; }

  /// Replaces the messages at hand by those that have come, without waiting. True when there may be more.
  bool take();
  [[nodiscard]] const std::vector<Item>& items() const noexcept { return items_; }
  /// Everything but ticket and names.
  void decode(const Item& item, MessageView& view) const;

  /// Every transaction that ends at or before it has been taken.
  [[nodiscard]] postgres::Lsn flush() const noexcept { return flush_; }
  [[nodiscard]] bool in_transaction() const noexcept { return transaction_.has_value(); }
  /// Everything that was taken, or was published before.
  [[nodiscard]] Progress& read() noexcept { return read_; }

 private:
  void take(postgres::ReplicationStream::Change change);
  void take(const pgoutput::Commit& commit);
  void take(const pgoutput::Insert& insert, postgres::ReplicationStream::Change change);
  [[nodiscard]] bool is_done_with() const;

  const postgres::MessageLog& log_;
  Clock& clock_;
  Limits limits_;
  WalRows rows_;
  std::optional<postgres::ReplicationStream> stream_;
  Progress read_;
  WalPlace started_at_;
  postgres::Lsn flush_;
  std::optional<pgoutput::Begin> transaction_;
  std::uint32_t index_ = 0;  // in the transaction
  std::vector<Item> items_;
  std::size_t bytes_ = 0;  // of items_
};

}  // namespace annals::outbox
