#include "annals/postgres/tail/arrival_rate.hpp"

#include <algorithm>

namespace annals::postgres {
void ArrivalRate::note(std::size_t rows, Time now) noexcept {
  const auto since = std::max(std::chrono::duration<double>(now - noted_at_).count(), 1e-6);
  const auto weight = std::min(since / window_.count(), 1.0);
  rate_ += weight * (static_cast<double>(rows) / since - rate_);
  noted_at_ = now;
}

}  // namespace annals::postgres
