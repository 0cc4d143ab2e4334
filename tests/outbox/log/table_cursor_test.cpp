#include "log/table_cursor.hpp"

#include <gtest/gtest.h>

#include "annals/core/error.hpp"

namespace annals::outbox {
namespace {

TEST(TableCursor, IsReadBack) {
  const auto id = EventId::generate();
  const auto cursor = TableCursor{{"7412345678901234567", "3"}, Progress{{42, id}}}.encode();
  EXPECT_EQ(cursor.bytes, "table/1 7412345678901234567 3 42 " + id.to_string());
  const auto decoded = TableCursor::decode(cursor);
  EXPECT_EQ(decoded.cluster.system_identifier, "7412345678901234567");
  EXPECT_EQ(decoded.cluster.timeline, "3");
  EXPECT_EQ(decoded.published, (Progress{{42, id}}));
  EXPECT_TRUE(TableCursor::is_place(cursor));
}

TEST(TableCursor, SaysWhatIsPublishedAboveAHole) {
  const auto anchor = EventId::generate();
  const auto last = EventId::generate();
  Progress published{{42, anchor}};
  published.add({50, EventId::generate()});
  published.add({51, last});
  const auto cursor = TableCursor{{"1", "3"}, published}.encode();
  EXPECT_EQ(cursor.bytes, "table/2 1 3 42 42 " + anchor.to_string() + " 8+1@" + last.to_string());
  EXPECT_FALSE(TableCursor::is_place(cursor));
  const auto decoded = TableCursor::decode(cursor);
  EXPECT_EQ(decoded.place().id, anchor);
  EXPECT_EQ(decoded.published.top_place(), (MessageSource::Place{51, last}));
  EXPECT_EQ(decoded.encode(), cursor);
}

/// Its position alone would give away that what is between the two is published.
TEST(TableCursor, SaysMoreThanAPlaceWhereNoMessageIsAtTheWatermark) {
  Progress published{{42, EventId::generate()}};
  published.settle(45);
  const auto cursor = TableCursor{{"1", "3"}, published}.encode();
  EXPECT_EQ(TableCursor::decode(cursor).published, published);
}

TEST(TableCursor, HasNoMessageAtTheBeginning) {
  const auto cursor = TableCursor{{"1", "1"}, {}}.encode();
  EXPECT_EQ(cursor.bytes, "table/1 1 1 0 -");
  EXPECT_TRUE(TableCursor::decode(cursor).place().id.is_nil());
}

TEST(TableCursor, RefusesEverythingElse) {
  const auto id = EventId::generate().to_string();
  for (const auto& bytes :
       {std::string{}, std::string{"table/3 1 1 0 -"}, std::string{"table/2 1 1 0 -"},
        std::string{"table/2 1 1 0 0 - 3+0@x"}, std::string{"table/1 1 1 0"}, std::string{"table/1 1 1 0 - "},
        std::string{"table/1  1 0 -"}, "table/1 1 1 -1 " + id, "table/1 1 1 0 " + id, std::string{"table/1 1 1 5 -"},
        std::string{"table/1 1 1 5x "} + id, "table/1 1 1 99999999999999999999 " + id}) {
    try {
      (void)TableCursor::decode({bytes});
      ADD_FAILURE() << bytes;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::corrupt);
    }
  }
}

}  // namespace
}  // namespace annals::outbox
