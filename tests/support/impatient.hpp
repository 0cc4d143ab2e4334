#pragma once
#include <thread>

#include "annals/postgres/connection.hpp"

namespace annals::tests {

/// The operator who cancels whatever waits for a standby, until the end.
class Impatient {
 public:
  explicit Impatient(const postgres::Database& database)
      : connection_(database), thread_([this](const std::stop_token& stop) {
          while (!stop.stop_requested()) {
            connection_.query("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'");
            connection_.query("SELECT pg_sleep(0.01)");
          }
        }) {}

 private:
  postgres::Connection connection_;
  std::jthread thread_;
};

}  // namespace annals::tests
