#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "annals/core/clock.hpp"
#include "annals/outbox/message.hpp"
#include "annals/postgres/message_log.hpp"
#include "enqueue/emitted.hpp"
#include "progress/progress.hpp"
#include "wal/pgoutput.hpp"
#include "wal/wal_cursor.hpp"
#include "wal/wal_feed.hpp"
#include "wal/wal_ledger.hpp"
#include "wal/wal_rows.hpp"
#include "wal/wal_transactions.hpp"

namespace annals::outbox {

/// The messages in a slot, a batch at a time: those that are not published yet.
///
/// Lifecycle      construct -> start() -> open() -> take() … -> start() again.
/// Thread safety  none. Ownership: borrows connection, log and clock; opens sessions of its own.
/// Errors         those of WalFeed, pgoutput and WalRows.
/// Limits         rows_max and bytes_max a batch; a single message may exceed bytes_max.
class WalReader {
 public:
  struct Limits {
    std::size_t rows_max;
    std::size_t bytes_max;
    WalFeed::Options feed = {};
  };
  /// A message as it came, and where it stands.
  struct Item {
    WalFeed::Change change;
    const WalRows::Layout* layout;  ///< null: it is no row, but was emitted
    WalLedger::Entry entry;
    std::int64_t stream;  ///< 0: of none
  };

  WalReader(postgres::Connection& connection, const postgres::MessageLog& log, Clock& clock, const Limits& limits);

  /// Forgets the run before. This is published, and up to this place all is done with. `emitted` is what else than rows is a message.
  void start(Progress published, const WalPlace& place, EmittedPrefix emitted = {});
  /// Begins to read from the slot, which was told to give up what ends at or before `confirmed`.
  void open(const std::string& slot, postgres::Lsn confirmed);
  [[nodiscard]] bool is_open() const noexcept { return transactions_.is_open(); }
  /// A backlog is read; whether more than that is there shows at its end.
  [[nodiscard]] bool is_mining() const noexcept { return transactions_.is_mining(); }
  void confirm(postgres::Lsn lsn) noexcept { transactions_.confirm(lsn); }
  [[nodiscard]] bool wait(std::chrono::milliseconds wait_max) { return transactions_.wait(wait_max); }
  void rest() { transactions_.rest(); }

  /// Replaces the messages at hand by those that have come, without waiting. True when there may be more.
  bool take();
  [[nodiscard]] const std::vector<Item>& items() const noexcept { return hand_.items; }
  /// Gives those of them that were emitted to `keep`, with the number of each; they cannot be decoded here any more.
  void give_emitted(const std::function<void(std::size_t, WalFeed::Change)>& keep);
  /// Everything but ticket and names.
  void decode(const Item& item, MessageView& view) const;
  /// One that was emitted.
  void decode_emitted(const WalFeed::Change& change, MessageView& view) const;

  /// Every transaction that ends at or before it has been taken.
  [[nodiscard]] postgres::Lsn flush() const noexcept { return transactions_.flush(); }
  [[nodiscard]] bool in_transaction() const noexcept { return transactions_.transaction().has_value(); }
  /// Nothing was taken; see WalTransactions.
  [[nodiscard]] bool is_caught_up() { return transactions_.is_caught_up(); }
  /// Everything that was taken, or was published before.
  [[nodiscard]] Progress& read() noexcept { return read_; }

 private:
  void take(WalFeed::Change change);
  void take(const pgoutput::Commit& commit);
  void take(const pgoutput::Insert& insert, WalFeed::Change change);
  void take(const pgoutput::Message& message, WalFeed::Change change);
  void add(Item item);

  const postgres::MessageLog& log_;
  Limits limits_;
  WalRows rows_;
  WalTransactions transactions_;
  Progress read_;
  /// The messages at hand.
  struct Hand {
    std::vector<Item> items = {};
    std::size_t bytes = 0;
  } hand_;
  EmittedPrefix emitted_;
};

}  // namespace annals::outbox
