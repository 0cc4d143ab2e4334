#include "host/text/secrets.hpp"

#include <gmock/gmock.h>

namespace annals::host {
namespace {

using ::testing::Contains;
using ::testing::IsEmpty;

TEST(Secrets, RemovesEveryOccurrenceAndTheLongestFirst) {
  Secrets secrets;
  secrets.add("canary");
  secrets.add("canary-long");
  EXPECT_EQ(secrets.removed_from("canary canary-long canarycanary"), "*** *** ******");
}

TEST(Secrets, LeavesWhatIsTooShortToTell) {
  Secrets secrets;
  secrets.add("a");
  secrets.add("");
  EXPECT_EQ(secrets.removed_from("a banana"), "a banana");
}

TEST(Secrets, FindsPasswordsAsWrittenAndAsMeant) {
  EXPECT_THAT(passwords_in("postgresql://u:can%20ary@h/d"), Contains("can ary"));
  EXPECT_THAT(passwords_in("postgresql://u:can%20ary@h/d"), Contains("can%20ary"));
  EXPECT_THAT(passwords_in("host=h password='can ary'"), Contains("can ary"));
  EXPECT_THAT(passwords_in("postgresql://u@h:5432/d"), IsEmpty());
}

}  // namespace
}  // namespace annals::host
