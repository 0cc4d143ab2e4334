#pragma once
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "annals/core/clock.hpp"
#include "annals/core/error.hpp"
#include "annals/postgres/replication/change_feed.hpp"
#include "annals/postgres/replication/lsn.hpp"

namespace annals::postgres {
class Connection;
}

namespace annals::outbox {

/// What a relay's slot has, by the better of two ways: streamed, or, while there is a backlog, mined in batches. wal_feed.cpp opens with
/// which, and when.
///
/// Lifecycle      construct -> open() -> next() …, review() between transactions -> close(), or open() again.
/// Thread safety  none. Ownership: borrows connection and clock; opens sessions of its own.
/// Errors         those of ReplicationStream and SlotMiner, except what a stream can do instead.
/// Limits         those of the feed; one session at a time.
class WalFeed {
 public:
  using Change = postgres::ChangeFeed::Change;
  struct Slot {
    std::string name;
    std::string publication;
    bool messages = false;  ///< what pg_logical_emit_message() wrote as well, whoever called it
    postgres::ValueForm values = postgres::ValueForm::binary;
  };
  struct Options {
    std::uint64_t mine_from_bytes = 64U << 20U;
    std::uint64_t batch_bytes = 256U << 20U;
    std::chrono::milliseconds look_again{1'000};  ///< between two looks how much of the log there is
    std::chrono::milliseconds stall_max{5'000};   ///< a batch that nobody takes for so long is given up
  };

  WalFeed(postgres::Connection& connection, Clock& clock, Options options);
  ~WalFeed();
  WalFeed(const WalFeed&) = delete;
  WalFeed& operator=(const WalFeed&) = delete;

  /// Begins to read after this place, whose log was confirmed up to `confirmed`; waits a few seconds for a session that has ended to give
  /// the slot up.
  void open(Slot slot, postgres::Lsn at, postgres::Lsn confirmed);
  void close() noexcept;
  /// False after a batch was given up, because nobody took it, or the server could not go on with it: resume() at the last place.
  [[nodiscard]] bool is_open() const noexcept { return feed_ != nullptr; }
  [[nodiscard]] bool is_mining() const noexcept { return mining_; }
  void resume(postgres::Lsn at);
  /// Between two transactions: goes over to the other way, when that is better. True when it did: `at` is where it goes on.
  bool review(postgres::Lsn at);

  [[nodiscard]] std::optional<Change> next();
  [[nodiscard]] bool wait(std::chrono::milliseconds wait_max);
  [[nodiscard]] postgres::Lsn passed() const noexcept { return feed_ ? feed_->passed() : postgres::Lsn{}; }
  void confirm(postgres::Lsn lsn) noexcept;
  /// For who is busy elsewhere.
  void rest();

 private:
  [[nodiscard]] bool is_backlog(postgres::Lsn at);
  [[nodiscard]] bool mining_ended() const;
  void stream(postgres::Lsn at);
  void mine(postgres::Lsn at);
  void give_up() noexcept;

  postgres::Connection& connection_;
  Clock& clock_;
  Options options_;
  Slot slot_;
  postgres::Lsn confirmed_;
  std::unique_ptr<postgres::ChangeFeed> feed_;
  bool mining_ = false;
  std::chrono::steady_clock::time_point asked_at_;
  std::optional<std::chrono::steady_clock::time_point> not_mined_until_;
};

}  // namespace annals::outbox
