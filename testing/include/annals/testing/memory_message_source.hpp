#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "annals/outbox/message_source.hpp"

namespace annals::testing {

/// What a service wrote to a log.
struct LoggedMessage {
  std::string topic;
  std::string key;
  std::string payload;
};

/// A log in memory: messages with positions, some of transactions that are still open, as a table would have. Not
/// thread-safe.
class MemoryMessageLog {
 public:
  /// Two logs with one history can stand for a database and its physical copy.
  explicit MemoryMessageLog(std::string history = "1") : history_(std::move(history)) {}

  /// Written and committed; returns the position.
  std::int64_t append(LoggedMessage message);
  /// Written by a transaction that is still open; readers must not pass it.
  std::int64_t append_open(LoggedMessage message);
  void commit(std::int64_t position);
  void roll_back(std::int64_t position);
  /// From now on this is another history: cursors made before do not belong to it.
  void change_history(std::string history) { history_ = std::move(history); }

 private:
  friend class MemoryMessageSource;
  enum class State { open, committed, rolled_back };
  struct Row {
    LoggedMessage message;
    EventId id;
    State state;
  };
  std::int64_t add(LoggedMessage message, State state);
  std::string history_;
  std::vector<Row> rows_;  // position is index + 1
};

/// A MessageSource over a MemoryMessageLog, for tests of what reads one.
///
/// Thread safety  none. Ownership: borrows the log. Errors: as MessageSource. Never waits: nothing can come meanwhile.
class MemoryMessageSource final : public outbox::MessageSource {
 public:
  explicit MemoryMessageSource(const MemoryMessageLog& log, std::size_t batch_max = 100)
      : log_(log), batch_max_(batch_max) {}

  [[nodiscard]] outbox::Cursor first(const outbox::Start& start, std::chrono::milliseconds wait_max) override;
  void start(const outbox::Cursor& after) override;
  State read() override;
  [[nodiscard]] std::size_t size() const noexcept override { return size_; }
  void decode(std::size_t index, outbox::MessageView& view) const override;
  [[nodiscard]] outbox::Cursor cursor(std::int64_t ticket) const override;
  [[nodiscard]] Place place(std::int64_t ticket) const override;
  [[nodiscard]] bool find(std::int64_t ticket, outbox::MessageView& view) override;
  void forget(std::int64_t ticket) override { forgotten = ticket; }
  void acknowledge(const outbox::Cursor& cursor) override { acknowledged = cursor; }
  [[nodiscard]] bool wait(std::chrono::milliseconds wait_max) override;
  void rest() override { ++rests; }
  [[nodiscard]] const std::vector<postgres::Blocker>& blockers() override { return blockers_; }

  std::int64_t forgotten = 0;
  outbox::Cursor acknowledged;
  std::size_t rests = 0;

 private:
  [[nodiscard]] Place place_at(std::int64_t position) const;
  [[nodiscard]] outbox::Cursor cursor_of(const Place& place) const;

  const MemoryMessageLog& log_;
  std::size_t batch_max_;
  std::vector<Place> places_;  // by ticket
  std::int64_t read_up_to_ = 0;
  std::size_t size_ = 0;
  std::vector<postgres::Blocker> blockers_;
};

}  // namespace annals::testing
