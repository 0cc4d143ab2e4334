#include "relay/breaker.hpp"

namespace annals::relayd {

std::optional<Breaker::State> Breaker::observe(bool connected, bool works, Time now) {
  if (!connected) {
    if (!since_) since_ = now;
    return state_ == State::closed && now - *since_ < patience ? std::nullopt : enter(State::open);
  }
  if (state_ != State::closed && !works) return enter(State::half_open);
  const auto change = enter(State::closed);
  if (!change) since_.reset();
  return change;
}

std::optional<Breaker::State> Breaker::trip(Time now) {
  if (!since_) since_ = now;
  return enter(State::open);
}

/// When it closes, how long it lasted is known until the next observation.
std::optional<Breaker::State> Breaker::enter(State state) {
  if (state == state_) return std::nullopt;
  state_ = state;
  return state;
}

std::string_view to_string(Breaker::State state) noexcept {
  switch (state) {
    case Breaker::State::closed: return "closed";
    case Breaker::State::open: return "open";
    case Breaker::State::half_open: break;
  }
  return "half-open";
}

}  // namespace annals::relayd
