#include "annals/projections/projection.hpp"

#include <gtest/gtest.h>

#include "annals/core/error.hpp"

namespace annals::projections {
namespace {

TEST(Projection, NameIsAnIdentifierAndVersionsCountFromOne) {
  EXPECT_EQ(Projection{"order_status"}.version(), 1);
  EXPECT_EQ((Projection{"order_status", 2}.version()), 2);
  for (const auto* name : {"", "Order", "a-b", "1a", "a b"}) EXPECT_THROW(Projection{name}, Error) << name;
  EXPECT_THROW((Projection{"a", 0}), Error);
}

}  // namespace
}  // namespace annals::projections
