#include "annals/testing/manual_clock.hpp"

#include "annals/core/assert.hpp"

namespace annals::testing {

void ManualClock::advance(std::chrono::microseconds duration) {
  ANNALS_ASSERT(duration >= duration.zero());
  elapsed_ += duration.count();
}

}  // namespace annals::testing
