#pragma once
#include <chrono>
#include <optional>
#include <string_view>

namespace annals::relayd {

/// Whether the sink's other side takes messages, as far as one source knows. A value without a clock.
///
/// closed: it does. open: it has been away for `patience`, or a session ended because of it; nothing is asked of the database
/// meanwhile that would have to be thrown away. half_open: it answers again, and nothing has been delivered yet.
class Breaker {
 public:
  using Time = std::chrono::steady_clock::time_point;
  enum class State { closed, open, half_open };
  /// Shorter than this it is a broker that hands a partition over, not one that is away.
  static constexpr std::chrono::milliseconds patience{1'000};

  /// At each step: whether the other side is connected, and whether something was delivered, or there is nothing to deliver. A
  /// new state when it changes.
  std::optional<State> observe(bool connected, bool works, Time now);
  /// A session ended because of the other side.
  std::optional<State> trip(Time now);

  [[nodiscard]] State state() const noexcept { return state_; }
  /// Since when it is not closed.
  [[nodiscard]] std::chrono::steady_clock::duration lasted(Time now) const {
    return since_ ? now - *since_ : std::chrono::steady_clock::duration{0};
  }

 private:
  std::optional<State> enter(State state);

  State state_ = State::closed;
  std::optional<Time> since_;  ///< not connected, or not closed
};

[[nodiscard]] std::string_view to_string(Breaker::State state) noexcept;

}  // namespace annals::relayd
