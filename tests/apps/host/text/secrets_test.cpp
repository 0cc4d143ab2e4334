#include "host/text/secrets.hpp"

#include <gmock/gmock.h>

namespace annals::host {
namespace {

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

}  // namespace
}  // namespace annals::host
