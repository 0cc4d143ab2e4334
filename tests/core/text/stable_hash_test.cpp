#include "annals/core/text/stable_hash.hpp"

#include <gtest/gtest.h>

using annals::stable_hash;
using annals::StableHash;

/// Stored and shared: checksums of migrations, keys of locks, names of slots, ids of captured changes.
TEST(StableHash, IsFnv1aOf64Bits) {
  EXPECT_EQ(StableHash{}.value(), 0xCBF29CE484222325U);
  EXPECT_EQ(StableHash{}.add("a").value(), 0xAF63DC4C8601EC8CU);
  EXPECT_EQ(StableHash{}.add("foo").add("bar").value(), 0x85944171F73967E8U);
  EXPECT_EQ(StableHash{}.add("foobar").folded(), 0x85944171U ^ 0xF73967E8U);
  EXPECT_EQ(stable_hash("annals:lock:relay"), -617'616'392'282'669'764);
}

TEST(StableHash, TakesBytesAndNumbersAsWhatTheyAre) {
  EXPECT_EQ(StableHash{}.add_byte(0xFF).value(), StableHash{}.add("\xff").value());
  EXPECT_EQ(StableHash{}.add_number(0x0807060504030201).value(),
            StableHash{}.add("\x01\x02\x03\x04\x05\x06\x07\x08").value());
}
