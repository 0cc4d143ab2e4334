#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "annals/core/clock.hpp"
#include "annals/outbox/message.hpp"
#include "annals/outbox/relay.hpp"
#include "annals/postgres/doorbell.hpp"
#include "annals/postgres/name_cache.hpp"
#include "annals/postgres/ordered_tail.hpp"
#include "annals/postgres/row_batch.hpp"

namespace annals::outbox {

/// The database's side of a relay: the rows of one table, in order, and when it is worth looking for more.
/// Not thread-safe. Borrows connection and clock.
class TableSource {
 public:
  TableSource(postgres::Connection& connection, Clock& clock, const std::string& schema, const RelayOptions& options);

  /// Goes on after this position.
  void start(std::int64_t position);
  /// Whether a read may find something: false after a read found nothing, until listen() was woken.
  [[nodiscard]] bool ready() const noexcept;
  /// Fetches the rows that follow, outside any transaction. Call when the rows before are used up.
  postgres::OrderedTail::State read();
  [[nodiscard]] std::size_t size() const noexcept { return rows_.size(); }
  /// Decodes row `index` of what was read. The view's texts hold until the next read() or find().
  void decode(std::size_t index, MessageView& view) const { decode(rows_.row(index), view); }

  /// After caught_up: waits at most `wait` to be woken. A read becomes due after `slow_poll` in any case.
  void listen(std::chrono::milliseconds wait, std::chrono::milliseconds slow_poll);
  /// After blocked: how long until the next try is worth it.
  [[nodiscard]] std::chrono::milliseconds pause() const noexcept { return tail_.retry_after(); }
  void retry() noexcept { ready_ = true; }
  [[nodiscard]] postgres::OrderedTail::State state() const noexcept { return state_; }
  /// While blocked for longer than a moment: by whom. Asks the server now and then only.
  [[nodiscard]] const std::vector<postgres::Blocker>& blockers() { return tail_.blockers(); }

  /// Reads and decodes the row at `position` alone; false when it is not there.
  bool find(std::int64_t position, MessageView& view);

 private:
  void decode(postgres::RowReader row, MessageView& view) const;
  void learn_streams(const postgres::RowBatch& rows);

  postgres::Connection& connection_;
  Clock& clock_;
  postgres::OrderedTail tail_;
  postgres::Doorbell bell_;
  postgres::NameCache streams_;
  std::vector<std::int64_t> stream_ids_;
  postgres::RowBatch rows_;
  postgres::RowBatch found_;
  std::int64_t position_ = 0;
  postgres::OrderedTail::State state_ = postgres::OrderedTail::State::rows;
  bool ready_ = true;
  std::chrono::steady_clock::time_point read_at_;
};

}  // namespace annals::outbox
