#pragma once
#include <chrono>

namespace annals::outbox {

/// Says when a checkpoint is due. A plain value without a clock.
///
/// While messages flow a checkpoint is due every `interval`. When everything is delivered it is due at once, because
/// nobody knows when the next message comes, but never sooner than quiet_interval after the last one: a trickle of
/// messages must not update one row for each of them.
class CheckpointSchedule {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  using Milliseconds = std::chrono::milliseconds;

  static constexpr Milliseconds quiet_interval{100};

  explicit CheckpointSchedule(Milliseconds interval) noexcept : interval_(interval) {}

  /// A run begins, with everything recorded: the first checkpoint is due after an interval, a quiet one at once.
  void start(TimePoint now) noexcept;
  void saved(TimePoint now) noexcept;
  /// How long until the next one is due; never negative.
  [[nodiscard]] Milliseconds until_due(bool quiet, TimePoint now) const noexcept;

 private:
  Milliseconds interval_;
  TimePoint busy_since_{};
  TimePoint quiet_since_{};
};

}  // namespace annals::outbox
