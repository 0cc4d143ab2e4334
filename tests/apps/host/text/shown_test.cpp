#include "host/text/shown.hpp"

#include <gtest/gtest.h>

#include "support/nasty_text.hpp"

namespace annals::host {
namespace {

using tests::expect_harmless;
using tests::nasty;

TEST(Shown, IsOneHarmlessLine) {
  for (const auto& text : nasty) expect_harmless(shown(text));
  EXPECT_EQ(shown("server closed\n\tThis \"probably\" means\n"), "server closed This \"probably\" means ");
  EXPECT_EQ(shown("\x1b[2J\xff"), "\\x1b[2J\\xff");
  EXPECT_EQ(shown("é注 \\ '"), "é注 \\ '");
}

}  // namespace
}  // namespace annals::host
