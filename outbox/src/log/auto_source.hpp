#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "annals/core/clock.hpp"
#include "annals/core/error.hpp"
#include "annals/outbox/message_source.hpp"
#include "annals/outbox/relay.hpp"
#include "annals/postgres/database.hpp"
#include "annals/postgres/message_log.hpp"
#include "log/slot_maker.hpp"
#include "log/table_source.hpp"
#include "wal/wal_source.hpp"

namespace annals::outbox {

/// The write-ahead log when it can be read, the table when not, in one run. auto_source.cpp opens with what holds.
///
/// Thread safety  none; a SlotMaker works beside it while it reads the table.
/// Ownership      borrows connection and clock.
/// Errors         those of TableSource. What is wrong with the log is no error: see reason().
class AutoSource final : public MessageSource {
 public:
  struct Options {
    TableSource::Options table;
    WalSource::Options wal;
    /// How long the table is read before the log is tried again; each time that fails twice as long, up to retry_max.
    std::chrono::milliseconds retry_min{5'000};
    std::chrono::milliseconds retry_max{60'000};
  };
  AutoSource(postgres::Connection& connection, Clock& clock, postgres::MessageLog log, Options options);

  [[nodiscard]] Cursor first(const Start& start, std::chrono::milliseconds wait_max) override;
  void start(const Cursor& after) override;
  State read() override;
  [[nodiscard]] std::size_t size() const noexcept override { return gone_ ? 0 : current().size(); }
  void decode(std::size_t index, MessageView& view) const override;
  [[nodiscard]] Cursor cursor(std::int64_t ticket) const override;
  [[nodiscard]] Place place(std::int64_t ticket) const override;
  [[nodiscard]] std::int64_t watermark(std::int64_t ticket) const override;
  [[nodiscard]] bool find(std::int64_t ticket, MessageView& view) override;
  void forget(std::int64_t ticket) override;
  void acknowledge(const Cursor& cursor) override;
  [[nodiscard]] bool moved(Move move) const override { return current().moved(move); }
  [[nodiscard]] bool more() const noexcept override { return gone_ || current().more(); }
  [[nodiscard]] bool wait(std::chrono::milliseconds wait_max) override;
  void rest() override;
  [[nodiscard]] const std::vector<postgres::Blocker>& blockers() override { return current().blockers(); }

  /// Where it reads now.
  [[nodiscard]] ReadFrom reads_from() const noexcept { return part().from; }
  /// While it reads the table: what is wrong with the log, and the remedy; nothing while that is not known yet.
  [[nodiscard]] const std::optional<Error>& reason() const noexcept { return reason_; }

 private:
  /// What one source gives, in the run's tickets.
  struct Part {
    std::unique_ptr<MessageSource> source;
    ReadFrom from = ReadFrom::table;
    std::int64_t base = 0;  ///< the run's ticket of its ticket 0
    std::chrono::steady_clock::time_point begun_at = {};
  };
  [[nodiscard]] const Part& part() const noexcept { return parts_.back(); }
  [[nodiscard]] MessageSource& current() const noexcept { return *part().source; }
  [[nodiscard]] const Part& part_of(std::int64_t ticket) const;
  void go_on(ReadFrom from, const Cursor& after);
  [[nodiscard]] std::unique_ptr<MessageSource> make(ReadFrom from);
  [[nodiscard]] bool slot_is_there();
  /// Does it to the source that is read; what is wrong with the log then is dealt with at the next read, because what is at hand
  /// is not given up.
  template <class Work>
  void try_with_current(Work work) {
    try {
      work(current());
    } catch (const Error& error) {
      if (part().from == ReadFrom::table) throw;
      broken_ = error;
    }
  }
  void leave_log(const Error& error);
  void try_log();
  void put_off(const Error& error);

  postgres::Connection& connection_;
  Clock& clock_;
  postgres::MessageLog log_;
  Options options_;
  std::deque<Part> parts_;  // the last one is read; the others have tickets that somebody may ask for
  std::int64_t last_ = 0;   // the last ticket that was given out
  std::int64_t wanted_ = 0;
  bool gone_ = false;            // nothing was read yet from the source that is read
  std::optional<Error> broken_;  // is the log
  SlotMaker maker_;
  std::optional<Error> reason_;
  /// When the log is tried again.
  struct Retry {
    bool stay = false;  ///< in the table, until somebody has looked after the log
    std::chrono::milliseconds pause{0};
    std::chrono::steady_clock::time_point at;
  } retry_;
};

}  // namespace annals::outbox
