#pragma once
#include <chrono>
#include <stop_token>

#include "annals/core/error.hpp"
#include "host/text/log.hpp"
#include "relay/metrics.hpp"
#include "relay/settings/config.hpp"

namespace annals::postgres {
class Connection;
}

namespace annals::relayd {

/// Maintains the outbox's partitions now and then, in a session of its own, and shows how much there is and what keeps it.
/// Every instance does, whether it publishes or stands by: the database lets one at a time, and a publisher that hangs must
/// not keep partitions from being attached.
///
/// Thread safety  run() on one thread. Ownership: borrows everything. Errors: none; what is in the way is logged.
/// Limits         how long writers are held up is the retention's lock_wait: see outbox::maintain_outbox().
class OutboxKeeper {
 public:
  OutboxKeeper(const Config& config, SourceMetrics& metrics, host::Log& log)
      : config_(config), metrics_(metrics), log_(log) {}

  void run(const std::stop_token& stop);

  static constexpr std::chrono::seconds interval{5};

 private:
  void keep(const std::stop_token& stop);
  void maintain(postgres::Connection& connection, const std::stop_token& stop);
  void tell(const Error& error);

  const Config& config_;
  SourceMetrics& metrics_;
  host::Log& log_;
};

}  // namespace annals::relayd
