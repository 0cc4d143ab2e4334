#pragma once
#include <chrono>
#include <map>
#include <stop_token>
#include <string>

#include "host/text/log.hpp"
#include "relay/metrics.hpp"
#include "relay/settings/config.hpp"

namespace annals::relayd {

/// Asks the database now and then how far behind each source is: a hung or standing-by relay cannot tell that itself,
/// and the publishing one must not stop to ask.
///
/// Thread safety  run() on one thread. Ownership: borrows everything. Errors: none; the lag is unknown then.
class LagWatch {
 public:
  LagWatch(const Config& config, std::map<outbox::RelayTable, SourceMetrics*> metrics, host::Log& log)
      : config_(config), metrics_(std::move(metrics)), log_(log) {}

  void run(const std::stop_token& stop);

  static constexpr std::chrono::seconds interval{5};

 private:
  void watch(const std::stop_token& stop);
  void forget();

  const Config& config_;
  std::map<outbox::RelayTable, SourceMetrics*> metrics_;
  host::Log& log_;
};

}  // namespace annals::relayd
