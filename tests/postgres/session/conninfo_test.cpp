#include <gmock/gmock.h>

#include "annals/core/error.hpp"
#include "annals/postgres/connection.hpp"
#include "annals/postgres/database.hpp"

namespace annals::postgres {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(Conninfo, NeverPrintsAPasswordThatIsNotEscaped) {
  for (const char* uri :
       {"postgresql://u:S3cr3t@x@host/d", "postgresql://u:S3cr3t/x@host/d", "postgres://u:a/S3cr3t@host/d",
        "postgresql://u:S3cr3t?x@host/d", "postgresql://u:S3cr3t#x@host/d", "postgresql://host/d?password=S3cr3t@x",
        "postgresql://S3cr3t/@host"}) {
    for (const auto use : {+[](const Database& d) { static_cast<void>(describe(d)); },
                           +[](const Database& d) { const Connection connection{d}; }}) {
      try {
        use({.conninfo = uri});
        ADD_FAILURE() << uri;
      } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::invalid);
        EXPECT_THAT(error.message() + error.hint(), Not(HasSubstr("S3cr3t"))) << uri;
        EXPECT_THAT(error.hint(), HasSubstr("%40"));
      }
    }
  }
}

TEST(Conninfo, TakesWhatIsEscapedAndKeywords) {
  EXPECT_EQ(describe({.conninfo = "postgresql://u:a%40b%2Fc@host:1/d?sslmode=require"}),
            "user=u dbname=d host=host port=1");
  EXPECT_EQ(describe({.conninfo = "host=h user=u password='a@b/c'"}), "user=u host=h");
  EXPECT_NO_THROW(static_cast<void>(describe({.conninfo = "postgresql:///d?host=/tmp"})));
}

}  // namespace
}  // namespace annals::postgres
