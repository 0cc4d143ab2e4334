#include "annals/postgres/session_lock.hpp"

#include <gtest/gtest.h>

#include "annals/postgres/connection.hpp"
#include "support/temp_database.hpp"

using annals::postgres::Connection;
using annals::postgres::Params;
using annals::postgres::SessionLock;
using annals::tests::TempDatabase;

TEST(SessionLock, HasOneOwner) {
  const TempDatabase temp{TempDatabase::Schema::none};
  Connection one{temp.database()};
  Connection other{temp.database()};
  SessionLock first{one, "relay:x"};
  SessionLock second{other, "relay:x"};
  SessionLock unrelated{other, "relay:y"};
  EXPECT_TRUE(first.try_acquire());
  EXPECT_TRUE(first.try_acquire());
  EXPECT_FALSE(second.try_acquire());
  EXPECT_TRUE(unrelated.try_acquire());
  first.release();
  EXPECT_TRUE(second.try_acquire());
}

TEST(SessionLock, EndsWithItsSession) {
  const TempDatabase temp{TempDatabase::Schema::none};
  Connection one{temp.database()};
  Connection other{temp.database()};
  SessionLock first{one, "relay:x"};
  SessionLock second{other, "relay:x"};
  ASSERT_TRUE(first.try_acquire());
  other.query("SELECT pg_terminate_backend($1::int, 5000)", Params{}.integer(one.backend_pid()));
  EXPECT_TRUE(second.try_acquire());
}
