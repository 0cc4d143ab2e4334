#include "annals/postgres/params.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "annals/core/error.hpp"

namespace annals::postgres {
namespace {

std::string refusal(const std::function<void(Params&)>& add) {
  Params params;
  try {
    add(params);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::invalid);
    return error.what();
  }
  return "accepted";
}

// The view is larger than what it views: it is refused before anybody reads it.
TEST(Params, RefuseWhatThirtyTwoBitsCannotSay) {
  const std::string_view huge{"x", std::size_t{1} << 31U};
  EXPECT_THAT(refusal([&](Params& params) { params.text(huge); }), testing::HasSubstr("has 2147483648 bytes"));
  EXPECT_THAT(refusal([&](Params& params) { params.bytea(huge); }), testing::HasSubstr("split"));
  const std::string_view array[] = {huge};
  EXPECT_THAT(refusal([&](Params& params) { params.bytea_array(array); }), testing::HasSubstr("split"));
}

// A row of COPY's binary form: the count of fields, then each with its length; -1 is NULL.
TEST(Params, AreARowOfACopy) {
  std::string row{"before"};
  Params{}.smallint(7).null().text("ab").text("").append_row_to(row);
  EXPECT_EQ(row, (std::string{"before\0\4\0\0\0\2\0\7\377\377\377\377\0\0\0\2ab\0\0\0\0", 6 + 2 + 6 + 4 + 6 + 4}));
}

}  // namespace
}  // namespace annals::postgres
