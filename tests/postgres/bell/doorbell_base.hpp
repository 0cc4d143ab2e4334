#pragma once
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <thread>

#include "annals/postgres/connection.hpp"
#include "annals/postgres/doorbell.hpp"
#include "ringing_log.hpp"
#include "support/temp_database.hpp"

namespace annals::tests {

/// A log that rings, a writer and a reader.
class DoorbellTest : public testing::Test {
 protected:
  DoorbellTest() { create_ringing_log(writer_); }

  /// Until commits ring for the reader, all but those of appenders in flight.
  static void fall_asleep(postgres::Doorbell& bell) {
    while (bell.wait(std::chrono::milliseconds{20}) != postgres::Doorbell::Wake::armed) bell.looked(0);
    bell.looked(0);
  }
  std::int64_t count(const std::string& sql) { return writer_.query(sql).bigint(0, 0); }
  std::int64_t bells_held() {
    return count(
        "SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database"
        " WHERE l.locktype = 'advisory' AND l.mode = 'ExclusiveLock' AND l.granted AND d.datname = current_database()");
  }

  /// Soon: nobody waits for a bell to be given up.
  void expect_none_held() {
    for (int i = 0; i < 500 && bells_held() > 0; ++i) std::this_thread::sleep_for(std::chrono::milliseconds{10});
    EXPECT_EQ(bells_held(), 0);
  }

  TempDatabase temp_{TempDatabase::Schema::none};
  postgres::LogTable table_ = ringing_log();
  postgres::Connection writer_{temp_.database()};
  postgres::Connection reader_{temp_.database()};
};

}  // namespace annals::tests
