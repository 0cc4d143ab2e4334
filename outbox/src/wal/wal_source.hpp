#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "annals/core/clock.hpp"
#include "annals/outbox/message.hpp"
#include "annals/outbox/message_source.hpp"
#include "annals/postgres/message_log.hpp"
#include "log/row_lookup.hpp"
#include "wal/table_catch_up.hpp"
#include "wal/wal_feed.hpp"
#include "wal/wal_holes.hpp"
#include "wal/wal_ledger.hpp"
#include "wal/wal_names.hpp"
#include "wal/wal_origin.hpp"
#include "wal/wal_reader.hpp"

namespace annals::outbox {

/// The inserts into a log's table as messages, in the order of their commits, from the write-ahead log. wal_source.cpp opens with
/// what holds.
///
/// Thread safety  none. Ownership: borrows connection and clock; opens a session of its own for the stream.
/// Errors         those of MessageSource, WalOrigin, WalReader, WalNames and WalHoles.
/// Limits         rows_max and bytes_max of messages at hand; a single one may exceed bytes_max. A transaction of any size is
///                read in such pieces. Of what was emitted, and is not forgotten, 16 MB and as much as is at hand.
class WalSource final : public MessageSource {
 public:
  struct Options {
    std::string relay;                 ///< names the slot
    std::string accept_timeline = {};  ///< see RelayOptions
    std::size_t rows_max = 10'000;
    std::size_t bytes_max = 2U << 20U;
    std::chrono::milliseconds poll_interval{250};
    /// A cursor is worth recording after so long although no message came: the server keeps the log behind it.
    std::chrono::milliseconds move_interval{10'000};
    WalFeed::Options feed = {};
  };

  WalSource(postgres::Connection& connection, Clock& clock, postgres::MessageLog log, Options options);

  [[nodiscard]] Cursor first(const Start& start, std::chrono::milliseconds wait_max) override {
    return origin_.first(start, wait_max);
  }
  void start(const Cursor& after) override;
  State read() override;
  [[nodiscard]] std::size_t size() const noexcept override;
  void decode(std::size_t index, MessageView& view) const override;
  [[nodiscard]] Cursor cursor(std::int64_t ticket) const override;
  [[nodiscard]] Place place(std::int64_t ticket) const override { return ledger_.at(ticket).place; }
  [[nodiscard]] std::int64_t watermark(std::int64_t ticket) const override {
    return ledger_.published(ticket).watermark();
  }
  [[nodiscard]] bool find(std::int64_t ticket, MessageView& view) override;
  void forget(std::int64_t ticket) override { ledger_.forget(ticket); }
  [[nodiscard]] bool full() const noexcept override { return ledger_.is_full(); }
  void acknowledge(const Cursor& cursor) override;
  [[nodiscard]] bool moved(Move move) const override;
  [[nodiscard]] bool wait(std::chrono::milliseconds wait_max) override;
  void rest() override;
  void stop() override { reader_.start({}, {}); }
  [[nodiscard]] bool more() const noexcept override { return last_.more; }
  [[nodiscard]] const std::vector<postgres::Blocker>& blockers() override;

 private:
  State read_table();
  State read_log();
  [[nodiscard]] bool know_streams();
  void give();
  void keep_emitted();
  [[nodiscard]] bool find_emitted(std::int64_t ticket, MessageView& view) const;
  void look_for_holes();

  /// What the last read, and the last record of a cursor, left.
  struct Last {
    std::chrono::steady_clock::time_point read_at;
    bool more = false;
    bool blocked = false;
    std::chrono::steady_clock::time_point recorded_at;
    postgres::Lsn recorded = {};
    bool in_log = false;  // what is recorded is a place in the log
    std::vector<postgres::Blocker> no_blockers = {};
  };

  postgres::Connection& connection_;
  Clock& clock_;
  postgres::MessageLog log_;
  Options options_;
  WalOrigin origin_;
  WalHoles holes_;
  WalNames names_;
  RowLookup lookup_;
  WalReader reader_;
  std::optional<TableCatchUp> catch_up_;
  WalLedger ledger_;
  Last last_;
};

}  // namespace annals::outbox
