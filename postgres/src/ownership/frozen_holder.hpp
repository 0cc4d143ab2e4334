#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace annals::postgres {

/// Ends the session that holds an advisory lock where the server cannot: its client is frozen and the server hangs in writing
/// to it, which no limit on silence or on statements ends (over a Unix-domain socket no time-out of TCP does either). A
/// client that is merely slow takes something between two looks; one that was found stuck in the same moment at every look
/// for a lease and a half is not.
///
/// Lifecycle      whenever the lock was refused and is_due(): run statement(), then saw() what it returned.
/// Thread safety  none; knows no session.
class FrozenHolder {
 public:
  /// `key`: SQL of a bigint. The lease is that of who asks.
  FrozenHolder(std::string key, std::chrono::milliseconds lease) : key_(std::move(key)), lease_(lease) {}

  [[nodiscard]] bool is_due() const noexcept;
  [[nodiscard]] std::string statement() const;
  /// The first column of its row; nothing when there was none.
  void saw(std::optional<std::int64_t> moment) noexcept;

 private:
  using SteadyTime = std::chrono::steady_clock::time_point;

  std::string key_;
  std::chrono::milliseconds lease_;
  std::optional<std::int64_t> moment_;
  SteadyTime since_;
  SteadyTime looked_;
};

}  // namespace annals::postgres
