#include "host/settings/value_text.hpp"

#include <gtest/gtest.h>

#include "annals/core/error.hpp"
#include "host/http/listen.hpp"

namespace annals::host {
namespace {

TEST(ValueText, ParsesIntegersWithinBoundsOnly) {
  EXPECT_EQ(parse_integer("42", 0, 100), 42);
  for (const char* text : {"", "4x", "1e3", "101", "-1", "99999999999999999999"}) {
    EXPECT_THROW(static_cast<void>(parse_integer(text, 0, 100)), Error) << text;
  }
}

TEST(ValueText, ParsesAddresses) {
  EXPECT_EQ(to_string(*parse_listen("127.0.0.1:0")), "127.0.0.1:0");
  EXPECT_EQ(to_string(*parse_listen("[::1]:9464")), "[::1]:9464");
  EXPECT_FALSE(parse_listen("off").has_value());
  for (const char* text : {"", ":1", "localhost", "::1:80", "h:-1", "h:65536", "h:"}) {
    EXPECT_THROW(static_cast<void>(parse_listen(text)), Error) << text;
  }
}

TEST(ValueText, KnowsLoopback) {
  for (const char* text : {"127.0.0.1:1", "127.8.8.8:1", "localhost:1", "[::1]:1"}) {
    EXPECT_TRUE(parse_listen(text)->is_loopback()) << text;
  }
  for (const char* text : {"0.0.0.0:1", "[::]:1", "10.0.0.1:1", "example.org:1"}) {
    EXPECT_FALSE(parse_listen(text)->is_loopback()) << text;
  }
}

TEST(ValueText, SplitsWithoutBlanks) {
  EXPECT_EQ(split(" a, b ,,c", ','), (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_TRUE(split("", ',').empty());
}

}  // namespace
}  // namespace annals::host
