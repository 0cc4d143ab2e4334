#pragma once
#include <chrono>
#include <vector>

#include "annals/postgres/tail/blocker.hpp"

namespace annals::postgres {

class HorizonProver;

/// How a reader waits for transactions that are in its way: it looks more and more seldom, because a question about locks holds up
/// all who take one, and asks who they are only when it lasts, at most once a second.
///
/// Thread safety  none.
class BlockerWatch {
 public:
  using Duration = std::chrono::steady_clock::duration;
  using Time = std::chrono::steady_clock::time_point;

  /// A transaction in the way usually commits within milliseconds; one that does not is looked for after a quarter of the time that it
  /// has lasted already.
  [[nodiscard]] static std::chrono::milliseconds pause_after(Duration lasted) noexcept;
  /// Who `prover` waits for, as it was at most a second ago; nobody before it has lasted for `a_moment`.
  [[nodiscard]] const std::vector<Blocker>& look(HorizonProver& prover, Duration lasted, Time now);
  /// It is over.
  void reset() noexcept;

  /// Shorter waits are everyday life of a busy table.
  static constexpr std::chrono::milliseconds a_moment{100};

 private:
  Time asked_at_;
  std::vector<Blocker> blockers_;
};

}  // namespace annals::postgres
