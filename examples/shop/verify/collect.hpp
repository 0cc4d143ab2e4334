#pragma once
#include <chrono>
#include <string>

#include "annals/postgres/database.hpp"
#include "verify/evidence.hpp"

namespace shop::verify {

/// Where the evidence is.
struct Scene {
  annals::postgres::Database orders;
  annals::postgres::Database payments;
  annals::postgres::Database shipping;
  std::string brokers;
  std::string topic_prefix;
};

/// Waits until every order is in a final state, the relays and consumers have nothing left to do and the read model has
/// caught up. False when that took longer than `wait_max`; then `reason` says what was still open.
[[nodiscard]] bool wait_until_quiet(const Scene& scene, std::chrono::seconds wait_max, std::string& reason);

/// Reads the three stores, the three topics from their beginning to their end, and the read model.
[[nodiscard]] Evidence collect(const Scene& scene);

}  // namespace shop::verify
