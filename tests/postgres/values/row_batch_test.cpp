#include "annals/postgres/row_batch.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <random>

#include "annals/core/error.hpp"
#include "support/error_of.hpp"

using annals::Error;
using annals::ErrorKind;
using annals::postgres::RowBatch;
using annals::postgres::RowReader;
using annals::tests::error_of;

namespace {

// libpq's buffers come from malloc, and PQfreemem frees them so.
void add(RowBatch& batch, const std::string& bytes) {
  auto* buffer = static_cast<char*>(std::malloc(bytes.size()));
  std::ranges::copy(bytes, buffer);
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

namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

/// A row of everything that a log's table has.
std::string whole_row() {
  const auto array =
      number(1, 4) + number(0, 4) + number(25, 4) + number(2, 4) + number(1, 4) + field("k") + field("v");
  return field(number(42, 8)) + field(number(7, 2)) + field(std::string(16, 'u')) + field(number(1, 8)) + null +
         field("payload") + field(array);
}

void read_whole(RowReader row) {
  Pairs pairs;
  (void)row.bigint();
  (void)row.smallint();
  (void)row.uuid();
  (void)row.timestamptz();
  (void)row.optional_timestamptz();
  (void)row.bytes();
  row.pairs(pairs);
}

}  // namespace

TEST(RowReader, ARowThatIsCutShortIsCorrupt) {
  const auto row = number(8, 4) + "1234";
  const auto error = error_of([&] { (void)RowReader{row.data(), row.size()}.bigint(); });
  EXPECT_EQ(error.kind(), ErrorKind::corrupt);
}

TEST(RowReader, SaysTableFieldAndPosition) {
  RowBatch batch;
  batch.set_origin("annals.events");
  add(batch, number(2, 2) + field(number(42, 8)) + null);
  auto row = batch.row(0);
  EXPECT_EQ(row.bigint(), 42);
  const auto error = error_of([&] { (void)row.bytes(); });
  EXPECT_EQ(error.kind(), ErrorKind::corrupt);
  EXPECT_EQ(error.message(), "field 2 of a row of annals.events at position 42: is NULL");
}

TEST(RowReader, RefusesArraysThatAreNoPairs) {
  const auto head = [](int dimensions, int count, int lower = 1) {
    return number(dimensions, 4) + number(0, 4) + number(25, 4) + number(count, 4) + number(lower, 4);
  };
  const auto pairs_of = [](const std::string& array) {
    const auto row = field(array);
    Pairs pairs;
    RowReader{row.data(), row.size()}.pairs(pairs);
    return pairs;
  };
  for (const auto& array : {head(1, 2) + field("a") + null,                                      // NULL
                            head(1, 1) + field("a"),                                             // odd
                            head(1, -2), head(1, 2'000'000'000), head(1, 2) + field("a"),        // cut
                            head(1, 2) + field("a") + field("b") + field("c"),                   // too long
                            head(2, 1) + number(2, 4) + number(1, 4) + field("a") + field("b"),  // 1x2
                            std::string{"x"}, head(1, 2).substr(0, 16)}) {
    EXPECT_EQ(error_of([&] { (void)pairs_of(array); }).kind(), ErrorKind::corrupt);
  }
  EXPECT_EQ(pairs_of(head(1, 2, 5) + field("a") + field("b")), (Pairs{{"a", "b"}}));  // [5:6]={a,b}
}

TEST(RowReader, NoBytesWhateverAbortOrReadBeyondTheRow) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random{seed};
  const auto whole = whole_row();
  ASSERT_NO_THROW(read_whole({whole.data(), whole.size()}));
  int refused = 0;
  for (int round = 0; round < 20'000; ++round) {
    auto bytes = whole;
    for (auto changes = random() % 4; changes > 0; --changes)
      bytes[random() % bytes.size()] = static_cast<char>(random());
    if (random() % 3 == 0) bytes.resize(random() % (bytes.size() + 1));
    const std::vector<char> row{bytes.begin(), bytes.end()};  // of exactly this size, for the sanitizers
    try {
      read_whole({row.data(), row.size()});
    } catch (const Error& error) {
      ASSERT_EQ(error.kind(), ErrorKind::corrupt);
      ++refused;
    }
  }
  EXPECT_GT(refused, 1000);
}
