#include "host/text/offered_command.hpp"

#include <gtest/gtest.h>

namespace annals::host {
namespace {

TEST(OfferedCommand, IsForTheDatabaseOfWhoeverShowsIt) {
  const auto options = database_options("/etc/a b.toml", "shop");
  EXPECT_EQ(options, "--config '/etc/a b.toml' --database shop");
  EXPECT_EQ(database_options("relay.toml", ""), "--config relay.toml");
  EXPECT_EQ(database_options("", "shop"), "");
  EXPECT_EQ(with_options("see `annals relay status` and (annals doctor)", "-x"),
            "see `annals -x relay status` and (annals -x doctor)");
  EXPECT_EQ(with_options("annals outbox parked list; annals schema apply", "-x"),
            "annals -x outbox parked list; annals schema apply")
      << "a schema is its owner's";
}

TEST(OfferedCommand, IsNoSentenceAndNoOtherProgram) {
  for (const auto* text :
       {"the table is not as Annals made it", "annals-relay --config r.toml --check", "annals relays messages",
        "annals is a program", "x-annals relay status", "/annals relay", "annals ", "", "annals.relay status"}) {
    EXPECT_EQ(with_options(text, "-x"), text);
  }
  EXPECT_EQ(with_options("annals annals relay status", "-x"), "annals annals -x relay status");
  EXPECT_EQ(with_options("see `annals relay status`", ""), "see `annals relay status`");
}

}  // namespace
}  // namespace annals::host
