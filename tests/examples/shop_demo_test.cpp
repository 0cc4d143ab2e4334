#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "program.hpp"
#include "support/temp_database.hpp"

namespace annals::tests {
namespace {

using testing::HasSubstr;

// The whole shop with a relay and a consumer killed half-way; the checks and their negative controls are in
// shop_checks_test.cpp.
TEST(ShopDemo, KeepsEveryPromiseThroughKills) {
  static_cast<void>(required_env("ANNALS_DATABASE"));
  static_cast<void>(required_env("ANNALS_KAFKA"));
  const auto demo = run(quoted(SHOP_DEMO) + " " + quoted(BUILD_DIR) + " --orders 1000");
  EXPECT_EQ(demo.status, 0) << demo.output;
  EXPECT_THAT(demo.output, HasSubstr("All promises kept."));
  EXPECT_THAT(demo.output, HasSubstr("restarts after kill -9: 2"));
  EXPECT_THAT(demo.output, testing::ContainsRegex("\n[1-9][0-9]* payments were decided before the crash"));
  EXPECT_THAT(demo.output, testing::Not(HasSubstr("BROKEN")));
}

TEST(ShopDemo, SaysWhatIsMissing) {
  const auto demo = run("ANNALS_DATABASE= ANNALS_KAFKA= " + quoted(SHOP_DEMO) + " " + quoted(BUILD_DIR));
  EXPECT_NE(demo.status, 0);
  EXPECT_THAT(demo.output, HasSubstr("ANNALS_DATABASE"));
}

}  // namespace
}  // namespace annals::tests
