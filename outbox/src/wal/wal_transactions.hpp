#pragma once
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>

#include "annals/core/clock.hpp"
#include "annals/postgres/replication/lsn.hpp"
#include "wal/pgoutput.hpp"
#include "wal/wal_cursor.hpp"
#include "wal/wal_feed.hpp"

namespace annals::outbox {

/// The transactions of a slot one after the other, by whatever way they come, and which part of them is done with.
///
/// Lifecycle      construct -> start() -> open() -> (begin_batch() -> next() and count() …) … -> start() again.
/// Thread safety  none. Ownership: that of WalFeed. Errors: those of WalFeed.
class WalTransactions {
 public:
  WalTransactions(postgres::Connection& connection, Clock& clock, WalFeed::Options options)
      : connection_(connection), clock_(clock), feed_(connection, clock, options) {}

  /// Forgets the run before: up to this place all is done with.
  void start(const WalPlace& place) {
    feed_.close();
    opened_ = false;
    transaction_.reset();
    target_.reset();
    started_at_ = place;
    flush_ = place.flush;
  }
  /// Begins to read from the slot, which was told to give up what ends at or before `confirmed`.
  void open(WalFeed::Slot slot, postgres::Lsn confirmed) {
    feed_.open(std::move(slot), flush_, confirmed);
    opened_ = true;
  }
  [[nodiscard]] bool is_open() const noexcept { return opened_; }
  /// A backlog is read; whether more than that is there shows at its end.
  [[nodiscard]] bool is_mining() const noexcept { return !feed_.is_open() || feed_.is_mining(); }
  void confirm(postgres::Lsn lsn) noexcept { feed_.confirm(lsn); }
  [[nodiscard]] bool wait(std::chrono::milliseconds wait_max) { return feed_.wait(wait_max); }
  void rest() { feed_.rest(); }

  /// Goes on where the feed before it came to, within a transaction, too: what was taken of that is passed over.
  void begin_batch() {
    if (feed_.is_open() && (transaction_ || !feed_.review(flush_))) return;
    started_at_ = place();
    transaction_.reset();
    if (!feed_.is_open()) feed_.resume(flush_);
  }
  /// What has come, without waiting. Nothing: between transactions, what the server has looked at for us is done with as well.
  [[nodiscard]] std::optional<WalFeed::Change> next() {
    auto change = feed_.next();
    if (!change && !transaction_) flush_ = std::max(flush_, feed_.passed());
    return change;
  }
  void begin(const pgoutput::Begin& begin) {
    transaction_ = begin;
    index_ = 0;
  }
  void end(const pgoutput::Commit& commit) {
    transaction_.reset();
    flush_ = std::max(flush_, commit.end);
  }
  /// One more of the transaction, or `step` numbers for it; says the last of them. The first is 1.
  std::uint32_t count(std::uint32_t step = 1) noexcept { return index_ += step; }
  [[nodiscard]] const std::optional<pgoutput::Begin>& transaction() const noexcept { return transaction_; }
  /// The part of the transaction up to this number was taken by a run before.
  [[nodiscard]] bool is_done_with(std::uint32_t number) const {
    return transaction_->commit < started_at_.flush ||
           (transaction_->commit == started_at_.commit && number <= started_at_.index);
  }
  /// Of the part of the transaction up to this number.
  [[nodiscard]] WalPlace place_of(std::uint32_t number) const {
    return {.flush = flush_, .commit = transaction_->commit, .index = number};
  }
  /// Nothing came. Whether nothing is there the server knows: it has looked at all that was written when it was asked, or, as the
  /// end of what is written may be within a record, has found nothing more for a while. Otherwise waits for it a little. What others
  /// write meanwhile is no reason to wait for longer: it may be mined for ever.
  [[nodiscard]] bool is_caught_up() {
    const auto now = clock_.steady();
    if (!target_) target_ = Target{.end = postgres::log_written(connection_), .set_at = now};
    const bool looked_through = flush_ >= target_->end;
    const bool silent = !is_mining() && now - target_->set_at >= nothing_within;
    if (!transaction_ && (looked_through || silent)) {
      target_.reset();
      return true;
    }
    (void)wait(look_again);
    return false;
  }
  /// Something came: who has caught up is asked anew.
  void came() noexcept { target_.reset(); }

  /// Every transaction that ends at or before it has been taken.
  [[nodiscard]] postgres::Lsn flush() const noexcept { return flush_; }

 private:
  /// Between two looks for what must come soon.
  static constexpr std::chrono::milliseconds look_again{1};
  /// A server that sends nothing for so long has nothing.
  static constexpr std::chrono::milliseconds nothing_within{5'000};
  /// Who has read up to `end`, and found nothing, has caught up.
  struct Target {
    postgres::Lsn end;
    std::chrono::steady_clock::time_point set_at;
  };
  /// Everything up to here was taken, by this run or the one before.
  [[nodiscard]] WalPlace place() const {
    const auto taken = transaction_ && index_ > 0 ? place_of(index_) : WalPlace{.flush = flush_};
    const bool is_behind = std::pair{taken.commit, taken.index} <= std::pair{started_at_.commit, started_at_.index};
    return flush_ == started_at_.flush && is_behind ? started_at_ : taken;
  }

  postgres::Connection& connection_;
  Clock& clock_;
  WalFeed feed_;
  std::optional<Target> target_;
  bool opened_ = false;
  WalPlace started_at_;
  postgres::Lsn flush_;
  std::optional<pgoutput::Begin> transaction_;
  std::uint32_t index_ = 0;  // in the transaction
};

}  // namespace annals::outbox
