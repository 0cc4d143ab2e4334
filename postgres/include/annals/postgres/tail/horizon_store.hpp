#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace annals::postgres {

class Connection;

/// The proven horizon of a log, kept in a table of one row beside it: what a replica, or another process, may read up to
/// without a proof of its own. It only ever grows.
///
/// A replica that sees the row sees everything below it: the rows were visible before the horizon was written, so their
/// commits stand before it in the write-ahead log.
///
/// Thread safety  none. Ownership: borrows the connection.
/// Errors         Error{disconnected}. Whatever else hinders storing is no reader's matter: it is tried again.
/// Limits         at most one write per store_interval, one per rest_interval from a reader at rest, by whichever reader of
///                the log is first, and as far as 5 seconds allow no more than a hundredth of a reader's time (under an
///                old snapshot the row's versions pile up and a write gets slower); never waits for another reader; who may
///                not write does not try.
class HorizonStore {
 public:
  /// `relation` is the table of one row; empty: nothing is kept.
  HorizonStore(Connection& connection, std::string relation);

  /// Whether it is time to store `horizon`; `at_rest`: the reader has found nothing more. True once an interval.
  [[nodiscard]] bool due(std::int64_t horizon, bool at_rest);
  /// Stores what is proven from the beginning of the log.
  void store(std::int64_t horizon);

  struct Stored {
    bool in_recovery = false;                            ///< this server is a replica
    std::optional<std::int64_t> horizon = std::nullopt;  ///< nothing: never stored
  };
  [[nodiscard]] Stored load();

  static constexpr std::chrono::milliseconds store_interval{1000};
  /// For a reader that has found nothing more: sooner, but not at every such look, of which there are thousands a second.
  static constexpr std::chrono::milliseconds rest_interval{100};

 private:
  [[nodiscard]] bool may_write();

  Connection& connection_;
  std::string relation_;
  std::string load_sql_;
  std::string store_sql_;
  std::optional<bool> may_write_;
  std::int64_t stored_ = 0;
  std::chrono::steady_clock::time_point offered_at_;
  std::chrono::steady_clock::duration cost_{};  // of the last write
};

}  // namespace annals::postgres
