#pragma once
#include <chrono>
#include <stop_token>

#include "annals/core/error.hpp"
#include "annals/outbox/retention.hpp"
#include "host/text/log.hpp"
#include "relay/crew/unit.hpp"
#include "relay/settings/config.hpp"

namespace annals::postgres {
class Connection;
}

namespace annals::relayd {

/// Maintains the partitions of the outbox and of the claims now and then, in a session of its own, and shows how much there is and what keeps it.
/// Every instance does, whether it publishes or stands by: the database lets one at a time, and a publisher that hangs must
/// not keep partitions from being attached.
///
/// Thread safety  run() on one thread. Ownership: borrows everything. Errors: none; what is in the way is logged.
/// Limits         how long writers are held up is the retention's lock_wait: see outbox::maintain_outbox().
class OutboxKeeper {
 public:
  OutboxKeeper(const Config& config, const Units& units, host::Log& log) : config_(config), units_(units), log_(log) {}

  void run(const std::stop_token& stop);

  static constexpr std::chrono::seconds interval{5};

 private:
  void keep(const std::stop_token& stop);
  void keep(postgres::Connection& connection, outbox::Kept table, const std::stop_token& stop);
  void maintain(postgres::Connection& connection, outbox::Kept table, const std::stop_token& stop);
  void tell(const Error& error);
  void show(outbox::Kept table, const outbox::RetentionStatus* status) const;

  const Config& config_;
  const Units& units_;
  host::Log& log_;
};

}  // namespace annals::relayd
