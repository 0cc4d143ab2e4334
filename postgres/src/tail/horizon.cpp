#include "annals/postgres/tail/horizon.hpp"

#include <algorithm>

namespace annals::postgres {

void Horizon::begin_at(std::int64_t position) noexcept {
  if (position < assumed_) position_ = assumed_ = 0;
  if (position > position_) position_ = assumed_ = position;
}

void Horizon::extend(std::int64_t position) noexcept { position_ = std::max(position_, position); }

void Horizon::prove(std::int64_t top) noexcept {
  extend(top);
  if (top >= assumed_) assumed_ = 0;
}

void Horizon::share(bool at_rest) {
  if (!store_.due(position_, at_rest)) return;
  if (assumed_ > 0) {
    const bool complete = beginning_.pending() ? beginning_.advance() : beginning_.begin();
    if (complete && beginning_.top() >= assumed_) assumed_ = 0;
  }
  if (assumed_ == 0) store_.store(position_);
}

}  // namespace annals::postgres
