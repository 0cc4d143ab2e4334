#include "annals/postgres/tail/blocker_watch.hpp"

#include <algorithm>

#include "annals/postgres/tail/horizon_prover.hpp"

namespace annals::postgres {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

namespace {

constexpr milliseconds pause_min = 1ms;
constexpr milliseconds pause_max = 50ms;
constexpr milliseconds ask_again = 1s;

}  // namespace

milliseconds BlockerWatch::pause_after(Duration lasted) noexcept {
  return std::clamp(std::chrono::duration_cast<milliseconds>(lasted) / 4, pause_min, pause_max);
}

const std::vector<Blocker>& BlockerWatch::look(HorizonProver& prover, Duration lasted, Time now) {
  if (lasted < a_moment) {
    blockers_.clear();
  } else if (now - asked_at_ >= ask_again) {
    blockers_ = prover.blockers();
    asked_at_ = now;
  }
  return blockers_;
}

void BlockerWatch::reset() noexcept {
  asked_at_ = {};
  blockers_.clear();
}

}  // namespace annals::postgres
