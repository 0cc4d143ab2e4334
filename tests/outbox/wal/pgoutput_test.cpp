#include "wal/pgoutput.hpp"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "annals/core/error.hpp"
#include "enqueue/emitted.hpp"

namespace annals::outbox::pgoutput {
namespace {

using namespace std::string_literals;
using testing::HasSubstr;

std::string number(std::uint64_t value, int bytes) {
  std::string out;
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) out += static_cast<char>(value >> shift & 0xFFU);
  return out;
}
std::string text(const std::string& value) { return value + '\0'; }
std::string binary(const std::string& value) { return 'b' + number(value.size(), 4) + value; }
std::string tuple(std::initializer_list<std::string> values) {
  auto out = number(values.size(), 2);
  for (const auto& value : values) out += value;
  return out;
}

const auto begin = 'B' + number(0x100, 8) + number(5, 8) + number(9, 4);
const auto commit = "C\0"s + number(0x100, 8) + number(0x130, 8) + number(5, 8);
const auto relation = 'R' + number(16'384, 4) + text("annals") + text("outbox") + 'd' + number(2, 2) + '\1' +
                      text("position") + number(20, 4) + number(0xFFFFFFFF, 4) + '\0' + text("key") + number(25, 4) +
                      number(0xFFFFFFFF, 4);
const auto insert = 'I' + number(16'384, 4) + 'N' + tuple({binary(number(7, 8)), "n", binary("")});
const auto update = 'U' + number(1, 4) + 'K' + tuple({binary("a")}) + 'N' + tuple({binary("b"), "u"});
const auto update_full = 'U' + number(1, 4) + 'O' + tuple({binary("a")}) + 'N' + tuple({"t"s + number(1, 4) + "b"});
const auto remove = 'D' + number(1, 4) + 'K' + tuple({binary("a")});
const auto truncate = 'T' + number(2, 4) + '\1' + number(1, 4) + number(2, 4);
const auto message = "M\1"s + number(0x140, 8) + text("annals") + number(3, 4) + "abc";
const auto origin = 'O' + number(0x100, 8) + text("there");
const auto type = 'Y' + number(17'000, 4) + text("annals") + text("message_id");

const std::string all[] = {begin,  commit,   relation, insert, update, update_full,
                           remove, truncate, message,  origin, type};

TEST(Pgoutput, ReadsWhereATransactionBeginsAndEnds) {
  EXPECT_EQ(std::get<Begin>(parse(begin)).commit.value, 0x100U);
  EXPECT_EQ(std::get<Begin>(parse(begin)).xid, 9U);
  const auto end = std::get<Commit>(parse(commit));
  EXPECT_EQ(end.commit.value, 0x100U);
  EXPECT_EQ(end.end.value, 0x130U);
}

TEST(Pgoutput, ReadsTablesAndTheirRows) {
  const auto table = std::get<Relation>(parse(relation));
  EXPECT_EQ(table.id, 16'384U);
  EXPECT_EQ(table.schema, "annals");
  EXPECT_EQ(table.name, "outbox");
  ASSERT_EQ(table.columns.size(), 2U);
  EXPECT_EQ(table.columns[0].name, "position");
  EXPECT_TRUE(table.columns[0].key);
  EXPECT_EQ(table.columns[1].type, 25U);
  EXPECT_EQ(table.columns[1].modifier, -1);
  const auto parsed = parse(insert);
  const auto& row = std::get<Insert>(parsed).row;
  std::vector<Value> values;
  row.each([&](std::size_t i, const Value& value) {
    EXPECT_EQ(i, values.size());
    values.push_back(value);
  });
  ASSERT_EQ(values.size(), 3U);
  EXPECT_EQ(values[0].bytes, number(7, 8));
  EXPECT_EQ(values[0].field, number(8, 4) + number(7, 8));
  EXPECT_EQ(values[1].kind, Value::Kind::null);
  EXPECT_EQ(values[2].kind, Value::Kind::binary);
  EXPECT_EQ(values[2].bytes, "");
}

TEST(Pgoutput, ReadsChangesOfEveryKind) {
  const auto changed = std::get<Update>(parse(update));
  EXPECT_TRUE(changed.key.has_value());
  EXPECT_FALSE(changed.old.has_value());
  EXPECT_EQ(changed.row.size(), 2U);
  EXPECT_TRUE(std::get<Update>(parse(update_full)).old.has_value());
  EXPECT_TRUE(std::get<Delete>(parse(remove)).key.has_value());
  EXPECT_THAT(std::get<Truncate>(parse(truncate)).relations, testing::ElementsAre(1U, 2U));
  const auto emitted = std::get<Message>(parse(message));
  EXPECT_TRUE(emitted.transactional);
  EXPECT_EQ(emitted.prefix, "annals");
  EXPECT_EQ(emitted.content, "abc");
  EXPECT_EQ(std::get<Origin>(parse(origin)).name, "there");
  EXPECT_EQ(std::get<Type>(parse(type)).name, "message_id");
}

/// However it is cut, and whatever follows: an error, never a read beyond the end.
TEST(Pgoutput, RefusesWhatIsShorterOrLongerThanItSays) {
  for (const auto& whole : all) {
    for (std::size_t size = 0; size <= whole.size() + 1; ++size) {
      if (size == whole.size()) continue;
      const std::vector<char> exact(whole.begin(),
                                    whole.begin() + static_cast<std::ptrdiff_t>(std::min(size, whole.size())));
      std::string bytes{exact.begin(), exact.end()};
      if (size > whole.size()) bytes += 'x';
      try {
        (void)parse(bytes);
        ADD_FAILURE() << "type " << whole.front() << " of " << size << " bytes";
      } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::corrupt);
        EXPECT_THAT(error.what(), HasSubstr("pgoutput"));
      }
    }
  }
}

TEST(Pgoutput, MakesNoRoomForMoreThanThereIs) {
  EXPECT_THROW((void)parse('T' + number(0x7FFFFFFF, 4) + '\0' + number(1, 4)), Error);
  EXPECT_THROW((void)parse('T' + number(0xFFFFFFFF, 4) + '\0'), Error);
  EXPECT_THROW((void)parse('I' + number(1, 4) + 'N' + number(0x7FFF, 2) + "n"), Error);
  EXPECT_THROW((void)parse('I' + number(1, 4) + 'N' + number(0xFFFF, 2)), Error);
  EXPECT_THROW((void)parse('I' + number(1, 4) + 'N' + number(1, 2) + 'b' + number(0xFFFFFFFF, 4)), Error);
}

TEST(Pgoutput, RefusesTypesThatItDoesNotKnow) {
  EXPECT_THROW((void)parse("S" + number(1, 4) + '\1'), Error) << "of protocol version 2";
  EXPECT_THROW((void)parse(""), Error);
  EXPECT_THROW((void)parse('I' + number(1, 4) + 'X' + tuple({})), Error);
  EXPECT_THROW((void)parse('I' + number(1, 4) + 'N' + number(1, 2) + 'x'), Error);
}

// What a real server wrote is what the fuzzer begins with: what is not among it, it would have to find by chance.
TEST(PgoutputCorpus, HasEveryKindOfMessageAndWhatIsEmitted) {
  std::set<std::size_t> kinds;
  std::set<Value::Kind> values;
  int emitted = 0;
  for (const auto& entry : std::filesystem::directory_iterator{ANNALS_PGOUTPUT_CORPUS}) {
    std::ifstream in{entry.path(), std::ios::binary};
    const std::string bytes{std::istreambuf_iterator<char>{in}, {}};
    const auto change = parse(bytes);
    kinds.insert(change.index());
    if (const auto* row = std::get_if<Update>(&change)) {
      row->row.each([&](std::size_t, const Value& value) { values.insert(value.kind); });
    }
    const auto* content = std::get_if<Message>(&change);
    if (content == nullptr || !content->prefix.starts_with("annals.outbox/1/")) continue;
    MessageView view;
    decode_emitted(content->content, view);
    EXPECT_EQ(view.topic, "orders");
    ++emitted;
  }
  EXPECT_EQ(kinds.size(), std::variant_size_v<Change>);
  EXPECT_THAT(values, testing::SizeIs(4)) << "null, unchanged, text, binary";
  EXPECT_GE(emitted, 1);
}

}  // namespace
}  // namespace annals::outbox::pgoutput
