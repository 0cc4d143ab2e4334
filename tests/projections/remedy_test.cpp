#include "runner/remedy.hpp"

#include <gmock/gmock.h>

namespace {

using annals::projections::adopt_or_rebuild;
using annals::projections::ProjectionKey;
using annals::projections::rebuild_or_place;
using testing::AllOf;
using testing::HasSubstr;

TEST(Remedy, NamesTheSchemaOnlyWhereTheCommandWouldTakeAnother) {
  const ProjectionKey usual{.name = "rows", .version = 2};
  EXPECT_THAT(adopt_or_rebuild(usual), AllOf(HasSubstr("`annals projection adopt rows --projection-version 2 --yes`"),
                                             HasSubstr("`annals projection reset rows --projection-version 2 --yes`")));
  const ProjectionKey elsewhere{.schema = "shop", .name = "rows", .version = 2};
  EXPECT_THAT(rebuild_or_place(elsewhere),
              AllOf(HasSubstr("`annals projection reset rows --projection-version 2 --schema shop --yes`"),
                    HasSubstr("`annals projection adopt rows --projection-version 2 --schema shop --position ")));
}

TEST(Remedy, IsNeverMadeOfWhatAShellWouldRun) {
  for (const auto* name : {"$(id)", "a b", "'; id #", "`id`"}) {
    EXPECT_ANY_THROW((void)adopt_or_rebuild({.name = name})) << name;
    EXPECT_ANY_THROW((void)rebuild_or_place({.name = name})) << name;
    EXPECT_ANY_THROW((void)adopt_or_rebuild({.schema = name, .name = "rows"})) << name;
  }
}

}  // namespace
