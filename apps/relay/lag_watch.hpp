#pragma once
#include <chrono>
#include <stop_token>
#include <string>
#include <vector>

#include "host/text/log.hpp"
#include "relay/crew/unit.hpp"
#include "relay/metrics.hpp"
#include "relay/settings/config.hpp"

namespace annals::relayd {

/// Asks the database now and then how far behind each source is, and who publishes: a hung or standing-by relay cannot
/// tell that itself, and the publishing one must not stop to ask.
///
/// Thread safety  run() on one thread. Ownership: borrows everything. Errors: none; the lag is unknown then.
class LagWatch {
 public:
  LagWatch(const Config& config, const Units& units, host::Log& log) : config_(config), units_(units), log_(log) {}

  void run(const std::stop_token& stop);

  static constexpr std::chrono::seconds interval{5};

 private:
  void watch(const std::stop_token& stop);
  void look(postgres::Connection& connection, std::string_view application);
  void forget();

  const Config& config_;
  const Units& units_;
  host::Log& log_;
};

}  // namespace annals::relayd
