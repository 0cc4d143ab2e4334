#include "host/text/conninfo.hpp"

#include <gmock/gmock.h>

namespace annals::host {
namespace {

using ::testing::Contains;
using ::testing::IsEmpty;

TEST(Conninfo, FindsPasswordsAsWrittenAndAsMeant) {
  EXPECT_THAT(passwords_in("postgresql://u:can%20ary@h/d"), Contains("can ary"));
  EXPECT_THAT(passwords_in("postgresql://u:can%20ary@h/d"), Contains("can%20ary"));
  EXPECT_THAT(passwords_in("host=h password='can ary'"), Contains("can ary"));
  EXPECT_THAT(passwords_in("postgresql://u@h:5432/d"), IsEmpty());
}

TEST(Conninfo, KnowsWhatMayTravelInClear) {
  for (const char* remote : {"postgresql://u@db.example/d", "host=10.0.0.1", "postgresql://u@db/d?sslmode=prefer",
                             "host=localhost,db.example", "hostaddr=10.0.0.1 host=localhost"}) {
    EXPECT_TRUE(may_travel_in_clear(remote)) << remote;
  }
  for (const char* fine : {"postgresql://u@localhost/d", "host=/run/postgresql", "host=127.0.0.1", "",
                           "postgresql://u@db.example/d?sslmode=verify-full", "host=db sslmode=require", "service=x"}) {
    EXPECT_FALSE(may_travel_in_clear(fine)) << fine;
  }
}

}  // namespace
}  // namespace annals::host
