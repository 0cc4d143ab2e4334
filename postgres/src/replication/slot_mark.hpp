#pragma once
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "annals/postgres/connection.hpp"
#include "annals/postgres/replication/change_feed.hpp"
#include "annals/postgres/replication/lsn.hpp"

namespace annals::postgres {

/// A session with a mark of its own in a slot's log: a temporary copy of the slot. It reads one batch at a time.
///
/// Thread safety  none.
/// Errors         those of SlotMiner.
class SlotMark {
 public:
  struct Options {
    std::string slot;         ///< a plain identifier: it keeps the log for the mark
    std::string publication;  ///< a plain identifier
    bool messages;            ///< pg_logical_emit_message, too
    ValueForm values;
  };
  struct Batch {
    Lsn from;       ///< what commits before it is left out
    Lsn upto;       ///< or the end of the transaction that is beyond
    Lsn confirmed;  ///< the slot itself is moved there
  };

  SlotMark(const Database& database, Options options);

  /// Sends the statement. Requires is_idle().
  void begin(const Batch& batch);
  [[nodiscard]] bool is_idle() const noexcept { return !reading_; }
  /// The next change of the batch. Nothing: none has come, or that was all, and the mark is idle.
  [[nodiscard]] std::optional<ChangeFeed::Change> next(std::chrono::steady_clock::time_point now);
  /// From `now` on the server has to answer within its patience.
  void expect_answer(std::chrono::steady_clock::time_point now) noexcept { heard_at_ = now; }

  /// To wait for it, and to ask it something while it is idle.
  [[nodiscard]] Connection& session() noexcept { return session_; }

 private:
  void require_answer(std::chrono::steady_clock::time_point now) const;

  Options options_;
  Connection session_;
  std::string name_;
  bool reading_ = false;
  std::chrono::steady_clock::time_point heard_at_;
};

}  // namespace annals::postgres
