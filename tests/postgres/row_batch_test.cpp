#include "annals/postgres/row_batch.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>

using annals::postgres::RowBatch;
using annals::postgres::RowReader;

namespace {

// libpq's buffers come from malloc, and PQfreemem frees them so.
void add(RowBatch& batch, const std::string& bytes) {
  auto* buffer = static_cast<char*>(std::malloc(bytes.size()));
  std::memcpy(buffer, bytes.data(), bytes.size());
  batch.add(buffer, static_cast<int>(bytes.size()));
}

std::string number(std::int64_t value, int width) {
  std::string out;
  for (int shift = width * 8 - 8; shift >= 0; shift -= 8) out += static_cast<char>(value >> shift & 0xFF);
  return out;
}

std::string field(const std::string& bytes) { return number(static_cast<std::int64_t>(bytes.size()), 4) + bytes; }

const std::string header = std::string{"PGCOPY\n\377\r\n\0", 11} + number(0, 4) + number(0, 4);
const std::string null = number(-1, 4);

}  // namespace

TEST(RowBatch, ReadsFieldsFromLeftToRight) {
  RowBatch batch;
  add(batch, header + number(4, 2) + field(number(42, 8)) + field("text") + null + field(number(-7, 2)));
  add(batch, number(4, 2) + field(number(43, 8)) + field("") + field("x") + field(number(7, 2)));
  add(batch, number(-1, 2));  // trailer
  ASSERT_EQ(batch.size(), 2U);
  auto row = batch.row(0);
  EXPECT_EQ(row.bigint(), 42);
  EXPECT_EQ(row.bytes(), "text");
  bool is_null = false;
  EXPECT_EQ(row.optional_bytes(&is_null), "");
  EXPECT_TRUE(is_null);
  EXPECT_EQ(row.smallint(), -7);
  EXPECT_EQ(batch.row(1).bigint(), 43);
}

TEST(RowBatch, DropsRowsFromTheEnd) {
  RowBatch batch;
  for (int i = 0; i < 5; ++i) add(batch, number(1, 2) + field(number(i, 8)));
  const auto all = batch.byte_size();
  batch.shrink(2);
  EXPECT_EQ(batch.size(), 2U);
  EXPECT_LT(batch.byte_size(), all);
  RowBatch moved = std::move(batch);
  EXPECT_EQ(moved.row(1).bigint(), 1);
  moved.clear();
  EXPECT_TRUE(moved.empty());
  EXPECT_EQ(moved.byte_size(), 0U);
}

TEST(RowReader, ReadsPairsOfATextArray) {
  const auto array = number(1, 4) + number(0, 4) + number(25, 4) + number(4, 4) + number(1, 4) + field("k") +
                     field("v") + field("k2") + field("");
  const auto row = field(array) + null;
  RowReader reader{row.data(), row.size()};
  std::vector<std::pair<std::string, std::string>> pairs;
  reader.pairs(pairs);
  EXPECT_EQ(pairs, (std::vector<std::pair<std::string, std::string>>{{"k", "v"}, {"k2", ""}}));
  reader.pairs(pairs);
  EXPECT_TRUE(pairs.empty());
}

TEST(RowReaderDeathTest, StopsAtARowThatIsCutShort) {
  const auto row = number(8, 4) + "1234";
  EXPECT_DEATH((void)(RowReader{row.data(), row.size()}.bigint()), "assertion failed");
}
