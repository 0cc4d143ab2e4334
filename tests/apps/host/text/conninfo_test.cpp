#include "host/text/conninfo.hpp"

#include <gmock/gmock.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace annals::host {
namespace {

using ::testing::Contains;
using ::testing::IsEmpty;

/// A variable of the environment, gone at the end.
class Variable {
 public:
  Variable(const char* name, const std::string& value) : name_(name) { ::setenv(name, value.c_str(), 1); }
  ~Variable() { ::unsetenv(name_); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  const char* name_;
};

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
                           "postgresql://u@db.example/d?sslmode=verify-full", "host=db sslmode=require"}) {
    EXPECT_FALSE(may_travel_in_clear(fine)) << fine;
  }
}

/// As libpq takes it: what a service says comes after the string itself and before the environment.
TEST(Conninfo, LooksWhereAServiceIs) {
  const auto path = testing::TempDir() + "annals_conninfo_test." + std::to_string(::getpid());
  std::ofstream{path} << "[far]\nhost=db.example\n[safe]\nhost=db.example\nsslmode=verify-full\n"
                         "[near]\nhost=/run/postgresql\n";
  const Variable file{"PGSERVICEFILE", path};
  EXPECT_TRUE(may_travel_in_clear("service=far"));
  EXPECT_TRUE(may_travel_in_clear("postgresql://u@/d?service=far"));
  EXPECT_FALSE(may_travel_in_clear("service=far sslmode=require"));
  EXPECT_FALSE(may_travel_in_clear("service=safe"));
  EXPECT_FALSE(may_travel_in_clear("service=near"));
  {
    const Variable named{"PGSERVICE", "far"};
    EXPECT_TRUE(may_travel_in_clear("dbname=d"));
    EXPECT_FALSE(may_travel_in_clear("host=localhost"));
  }
  const Variable host{"PGHOST", "db.example"};
  EXPECT_TRUE(may_travel_in_clear("dbname=d"));
  EXPECT_FALSE(may_travel_in_clear("service=near"));
  const Variable mode{"PGSSLMODE", "require"};
  EXPECT_FALSE(may_travel_in_clear("dbname=d"));
  std::filesystem::remove(path);
}

TEST(Conninfo, KnowsNothingOfAStringThatLibpqRefuses) {
  EXPECT_FALSE(may_travel_in_clear("host=db.example nonsense=1"));
  EXPECT_FALSE(may_travel_in_clear("service=there-is-none"));
}

}  // namespace
}  // namespace annals::host
