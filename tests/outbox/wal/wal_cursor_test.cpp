#include "wal/wal_cursor.hpp"

#include <gtest/gtest.h>

#include "annals/core/error.hpp"

namespace annals::outbox {
namespace {

const auto id = EventId::parse("01890a5d-ac96-774b-bcce-b302099a8057");

WalCursor cursor() {
  Progress progress{{.position = 7, .id = *id}};
  progress.add({.position = 9, .id = *id});
  return {.cluster = {.system_identifier = "7", .timeline = "1"},
          .place = {.flush = {0x16'B374'D848}, .commit = {0x16'B374'D900}, .index = 3},
          .progress = progress};
}

void expect_corrupt(const std::string& bytes) {
  try {
    (void)WalCursor::decode({bytes});
    ADD_FAILURE() << bytes;
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::corrupt) << bytes;
  }
}

TEST(WalCursor, IsReadAsItWasWritten) {
  const auto text = cursor().encode();
  EXPECT_EQ(text.bytes,
            "wal/1 7 1 16/B374D848 16/B374D900 3 7 7 01890a5d-ac96-774b-bcce-b302099a8057 "
            "2+0@01890a5d-ac96-774b-bcce-b302099a8057");
  const auto again = WalCursor::decode(text);
  EXPECT_EQ(again.place, cursor().place);
  EXPECT_EQ(again.cluster, cursor().cluster);
  EXPECT_EQ(again.encode(), text);
}

TEST(WalCursor, StandsOnAMessageOfTheTable) {
  const auto table = table_cursor_of(cursor().encode());
  EXPECT_EQ(table.place().position, 7);
  EXPECT_EQ(table.place().id, *id);
  EXPECT_EQ(table.cluster, cursor().cluster);
  EXPECT_EQ(table_cursor_of(table.encode()).place().position, 7) << "a table's own is what it is";
}

TEST(WalCursor, RefusesEveryTextThatIsCutShortOrSpoiled) {
  const auto text = cursor().encode().bytes;
  for (std::size_t size = 0; size < text.rfind(' ') + 1; ++size) expect_corrupt(text.substr(0, size));
  expect_corrupt("wal/2" + text.substr(5));
  expect_corrupt("wal/1 7 1 16/B374D848 0/0 3 0 0 - -");
  expect_corrupt("wal/1 7 1 16/1B374D848 0/0 0 0 0 - -");
  expect_corrupt("wal/1 7 1 G/0 0/0 0 0 0 - -");
}

}  // namespace
}  // namespace annals::outbox
