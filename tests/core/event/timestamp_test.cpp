#include "annals/core/timestamp.hpp"

#include <gtest/gtest.h>

using annals::format_timestamp;
using annals::parse_timestamp;
using annals::Timestamp;

TEST(Timestamp, RoundTripsRfc3339) {
  for (const auto* text : {"2006-07-24T00:00:00Z", "1969-12-31T23:59:59.999999Z", "2024-02-29T12:30:01.5Z",
                           "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"}) {
    const auto time = parse_timestamp(text);
    ASSERT_TRUE(time) << text;
    EXPECT_EQ(format_timestamp(*time), text);
  }
}

TEST(Timestamp, AppliesOffsetsAndCutsBelowAMicrosecond) {
  EXPECT_EQ(format_timestamp(*parse_timestamp("2024-01-01T01:30:00+01:30")), "2024-01-01T00:00:00Z");
  EXPECT_EQ(format_timestamp(*parse_timestamp("2023-12-31 19:00:00-05:00")), "2024-01-01T00:00:00Z");
  EXPECT_EQ(format_timestamp(*parse_timestamp("2024-01-01t00:00:00.123456789z")), "2024-01-01T00:00:00.123456Z");
}

TEST(Timestamp, RefusesWhatIsNoInstant) {
  for (const auto* text : {"", "2024-01-01", "2024-01-01T00:00:00", "2024-13-01T00:00:00Z", "2023-02-29T00:00:00Z",
                           "2024-01-01T24:00:00Z", "2024-01-01T00:60:00Z", "2024-01-01T00:00:00.Z",
                           "2024-01-01T00:00:00Z ", "24-01-01T00:00:00Z", "2024-01-01T00:00:00+0130"}) {
    EXPECT_FALSE(parse_timestamp(text)) << text;
  }
}

TEST(Timestamp, KnowsPostgresEpoch) {
  EXPECT_EQ(format_timestamp(annals::timestamp_from_postgres(0)), "2000-01-01T00:00:00Z");
  EXPECT_EQ(annals::timestamp_to_postgres(annals::timestamp_from_postgres(-42)), -42);
}
