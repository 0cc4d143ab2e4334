#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "annals/core/clock.hpp"
#include "annals/core/event_id.hpp"
#include "annals/core/timestamp.hpp"
#include "annals/outbox/capture.hpp"
#include "annals/outbox/message_source.hpp"
#include "annals/postgres/cluster_identity.hpp"
#include "capture/change_messages.hpp"
#include "progress/progress.hpp"
#include "progress/ticket_ledger.hpp"
#include "wal/wal_cursor.hpp"
#include "wal/wal_feed.hpp"
#include "wal/wal_transactions.hpp"

namespace annals::outbox {

/// A message of a run, and where it stands.
struct ChangeEntry {
  MessageSource::Place place;
  WalPlace wal;
  Timestamp time = {};  ///< of the commit
  /// Shared, because entries are values; nothing of a message can be fetched again, so it is kept until it is published. Null: of ticket 0.
  std::shared_ptr<const ChangeMessage> message = nullptr;

  void publish(Progress& published) const { published = Progress{place}; }
  [[nodiscard]] static bool says_all(const ChangeEntry& /*entry*/) noexcept { return true; }
};

/// The messages of a run of the changes, those at hand and those that are not published yet.
///
/// Limits         of what is not forgotten, kept_bytes_max and what one more batch has, if nothing is added while it is full.
class ChangeLedger : public TicketLedger<ChangeEntry> {
 public:
  static constexpr std::size_t kept_bytes_max = 16U << 20U;

  void start(const Progress& published, const ChangeEntry& zero) {
    TicketLedger::start(published, zero);
    kept_bytes_ = 0;
    counted_ = 1;
  }
  void add(const ChangeEntry& entry) {
    kept_bytes_ += bytes_of(entry);
    TicketLedger::add(entry);
  }
  [[nodiscard]] bool is_full() const noexcept { return kept_bytes_ >= kept_bytes_max; }
  /// Of messages that somebody may still have to deliver.
  [[nodiscard]] std::size_t kept_bytes() const noexcept { return kept_bytes_; }
  /// Nobody asks for tickets below this one again, which is delivered itself. What is at hand stays until shrink().
  void forget(std::int64_t ticket) {
    TicketLedger::forget(ticket);
    for (; counted_ <= std::min(ticket, last_ticket()); ++counted_) kept_bytes_ -= bytes_of(at(counted_));
  }
  /// With the last ticket everything in the log before `end` is done with.
  void pass(postgres::Lsn end) { back().wal = {.flush = end}; }

 private:
  /// In memory, about.
  static std::size_t bytes_of(const ChangeEntry& entry) noexcept {
    if (!entry.message) return 0;
    const auto& message = *entry.message;
    return sizeof(entry) + sizeof(message) + message.byte_size() + message.topic.size() + message.type.size();
  }

  std::size_t kept_bytes_ = 0;
  std::int64_t counted_ = 1;  // the first ticket that is not forgotten
};

/// The changes in a slot, a batch at a time, as messages.
///
/// Lifecycle      construct -> start() -> open() -> take() … -> start() again.
/// Thread safety  none. Ownership: borrows connection, captures and clock; opens sessions of its own.
/// Errors         those of WalFeed, pgoutput and ChangeMessages.
/// Limits         rows_max and bytes_max a batch, and 10,000 changes that make no message; the messages of a single change may exceed them.
class ChangeReader {
 public:
  struct Limits {
    std::size_t rows_max;
    std::size_t bytes_max;
    WalFeed::Options feed = {};
  };
  ChangeReader(postgres::Connection& connection, Clock& clock, const std::vector<Capture>& captures,
               const Limits& limits);

  void start(const postgres::ClusterIdentity& cluster, const WalPlace& place);
  /// See ChangeMessages.
  void know(TableNames names) { messages_.know(std::move(names)); }
  [[nodiscard]] WalTransactions& transactions() noexcept { return transactions_; }
  [[nodiscard]] const WalTransactions& transactions() const noexcept { return transactions_; }

  /// Adds what has come to the ledger, without waiting; returns how many messages. Each has the position after the one before.
  std::size_t take(ChangeLedger& ledger);
  /// After take(): there may be more.
  [[nodiscard]] bool more() const noexcept { return more_; }

 private:
  struct Batch {
    ChangeLedger& ledger;
    std::size_t count = 0;
    std::size_t bytes = 0;
    std::size_t looked_at = 0;
  };
  void take(const pgoutput::Change& change, Batch& batch);
  void add(std::vector<ChangeMessage> messages, std::uint32_t last, Batch& batch) const;
  [[nodiscard]] EventId id_of(std::uint32_t number) const;
  [[nodiscard]] std::uint32_t next_change() { return transactions_.count(ChangeMessages::messages_max); }
  [[nodiscard]] ChangeMessages::Where where(std::uint32_t last) const {
    return {.transaction = *transactions_.transaction(), .change = last / ChangeMessages::messages_max};
  }

  Limits limits_;
  ChangeMessages messages_;
  WalTransactions transactions_;
  std::string system_identifier_;
  bool more_ = false;
};

/// The id of message `number` of a transaction: the same whenever it is read, on any copy of the cluster, and no other transaction's, not
/// even of another timeline. A UUID of version 8: the commit's place, a hash of cluster, transaction and time, the number.
[[nodiscard]] EventId change_id(std::string_view system_identifier, const pgoutput::Begin& transaction,
                                std::uint32_t number);

}  // namespace annals::outbox
