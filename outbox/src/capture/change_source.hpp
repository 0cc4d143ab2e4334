#pragma once
#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "annals/core/clock.hpp"
#include "annals/outbox/capture.hpp"
#include "annals/outbox/message.hpp"
#include "annals/outbox/message_source.hpp"
#include "annals/postgres/message_log.hpp"
#include "capture/change_origin.hpp"
#include "capture/change_reader.hpp"
#include "wal/wal_feed.hpp"

namespace annals::outbox {

/// The changes of the tables that captures name, as messages, in the order of their commits, from the write-ahead log.
/// change_source.cpp opens with what holds.
///
/// Thread safety  none. Ownership: borrows connection and clock; opens a session of its own for the stream.
/// Errors         those of MessageSource, require_published(), ChangeOrigin and ChangeReader.
/// Limits         rows_max and bytes_max of messages at hand; those of a single change may exceed them. Messages are kept until they
///                are forgotten: full() at 16 MB, beside those at hand.
class ChangeSource final : public MessageSource {
 public:
  struct Options {
    std::string relay;                 ///< names the slot
    std::string accept_timeline = {};  ///< see RelayOptions
    std::vector<Capture> captures;
    std::size_t rows_max = 10'000;
    std::size_t bytes_max = 2U << 20U;
    std::chrono::milliseconds poll_interval{250};
    /// A cursor is worth recording after so long although no message came: the server keeps the log behind it.
    std::chrono::milliseconds move_interval{10'000};
    /// How often the publication is looked at: what is taken out of it comes no more, and nothing else tells.
    std::chrono::milliseconds check_interval{60'000};
    WalFeed::Options feed = {};
  };

  ChangeSource(postgres::Connection& connection, Clock& clock, postgres::MessageLog log, Options options);

  [[nodiscard]] Cursor first(const Start& start, std::chrono::milliseconds wait_max) override;
  void start(const Cursor& after) override;
  State read() override;
  [[nodiscard]] std::size_t size() const noexcept override { return last_.size; }
  void decode(std::size_t index, MessageView& view) const override;
  [[nodiscard]] Cursor cursor(std::int64_t ticket) const override;
  [[nodiscard]] Place place(std::int64_t ticket) const override { return ledger_.at(ticket).place; }
  [[nodiscard]] bool find(std::int64_t ticket, MessageView& view) override;
  void forget(std::int64_t ticket) override { ledger_.forget(ticket); }
  [[nodiscard]] bool full() const noexcept override { return ledger_.is_full(); }
  void acknowledge(const Cursor& cursor) override;
  [[nodiscard]] bool moved(Move move) const override;
  [[nodiscard]] bool wait(std::chrono::milliseconds wait_max) override;
  void rest() override { reader_.transactions().rest(); }
  void stop() override { reader_.start(origin_.cluster(), {}); }
  [[nodiscard]] bool more() const noexcept override { return last_.more; }
  [[nodiscard]] const std::vector<postgres::Blocker>& blockers() override { return no_blockers_; }

 private:
  void check();
  [[nodiscard]] std::size_t take();
  void show(const ChangeEntry& entry, MessageView& view) const;

  /// What the last read, and the last record of a cursor, left.
  struct Last {
    std::size_t size = 0;
    bool more = false;
    std::chrono::steady_clock::time_point read_at;
    std::chrono::steady_clock::time_point recorded_at;
    postgres::Lsn recorded = {};
    std::chrono::steady_clock::time_point checked_at;
  };

  postgres::Connection& connection_;
  Clock& clock_;
  postgres::MessageLog log_;
  Options options_;
  ChangeOrigin origin_;
  ChangeReader reader_;
  ChangeLedger ledger_;
  Last last_;
  std::vector<postgres::Blocker> no_blockers_;
};

}  // namespace annals::outbox
