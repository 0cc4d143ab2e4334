#include "annals/core/error.hpp"

#include <gtest/gtest.h>

using annals::Error;
using annals::ErrorKind;

TEST(Error, TextEndsWithTheHint) {
  const Error error{ErrorKind::failed, "it broke", {.hint = "mend it", .sqlstate = "XX000"}};
  EXPECT_STREQ(error.what(), "it broke. Hint: mend it");
  EXPECT_EQ(error.message(), "it broke");
  EXPECT_EQ(error.hint(), "mend it");
  EXPECT_EQ(error.sqlstate(), "XX000");
}

TEST(Error, TextWithoutHintIsTheMessage) { EXPECT_STREQ((Error{ErrorKind::failed, "it broke"}.what()), "it broke"); }

TEST(Error, OnlyWhatCannotApplyTwiceIsRetryable) {
  EXPECT_TRUE((Error{ErrorKind::disconnected, ""}.retryable()));
  EXPECT_TRUE((Error{ErrorKind::overloaded, ""}.retryable()));
  EXPECT_TRUE((Error{ErrorKind::failed, "", {.hint = {}, .sqlstate = "40001", .retryable = true}}.retryable()));
  EXPECT_FALSE((Error{ErrorKind::failed, ""}.retryable()));
  EXPECT_FALSE((Error{ErrorKind::in_doubt, ""}.retryable()));
  EXPECT_FALSE((Error{ErrorKind::invalid, ""}.retryable()));
  EXPECT_FALSE((Error{ErrorKind::not_ready, ""}.retryable()));
  EXPECT_FALSE((Error{ErrorKind::refused, ""}.retryable()));
  EXPECT_FALSE((Error{ErrorKind::corrupt, ""}.retryable()));
}

TEST(Error, EveryKindHasAName) {
  for (const auto kind : {ErrorKind::invalid, ErrorKind::not_ready, ErrorKind::refused, ErrorKind::failed,
                          ErrorKind::overloaded, ErrorKind::disconnected, ErrorKind::in_doubt, ErrorKind::corrupt}) {
    EXPECT_NE(annals::to_string(kind), "unknown");
  }
}
