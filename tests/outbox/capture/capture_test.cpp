#include "annals/outbox/capture.hpp"

#include <gmock/gmock.h>

#include "annals/core/error.hpp"
#include "capture/change_reader.hpp"
#include "capture/name_pattern.hpp"

namespace annals::outbox {
namespace {

using ::testing::HasSubstr;

std::string objection(const std::vector<Capture>& captures) {
  try {
    require_valid(captures);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::invalid);
    EXPECT_NE(error.hint(), "");
    return error.message();
  }
  return "";
}

TEST(Capture, IsFoundByTableBeforeSchema) {
  const std::vector<Capture> captures{{.table = "shop.*", .topic = "a"}, {.table = "shop.orders", .topic = "b"}};
  EXPECT_EQ(objection(captures), "");
  EXPECT_EQ(find_capture(captures, "shop", "orders"), &captures[1]);
  EXPECT_EQ(find_capture(captures, "shop", "lines"), &captures[0]);
  EXPECT_EQ(find_capture(captures, "sho", "orders"), nullptr);
  EXPECT_EQ(find_capture(captures, "shop2", "orders"), nullptr);
}

TEST(Capture, IsRefusedWhenItCannotBeMeant) {
  const Capture good{.table = "shop.orders", .topic = "cdc.{schema}.{table}"};
  EXPECT_EQ(objection({good}), "");
  EXPECT_THAT(objection({good, good}), HasSubstr("is there twice"));
  for (const auto* table : {"", "orders", "shop.", ".orders"}) {
    EXPECT_THAT(objection({{.table = table, .topic = "t"}}), HasSubstr("does not name a schema and a table")) << table;
  }
  for (const auto* topic : {"", "{tabel}", "a.{operation}", "a b", ".."}) {
    EXPECT_THAT(objection({{.table = "a.b", .topic = topic}}), HasSubstr("has no topic")) << topic;
  }
  EXPECT_THAT(objection({{.table = "a.b", .topic = "t", .type = ""}}), HasSubstr("has no type"));
  EXPECT_THAT(objection({{.table = "a.b", .topic = "t", .key = {"x", "x"}}}), HasSubstr("column \"x\" twice"));
  EXPECT_THAT(objection({{.table = "a.b", .topic = "t", .include = {"x"}, .exclude = {"y"}}}), HasSubstr("to include"));
  EXPECT_THAT(objection({{.table = "a.b", .topic = "t", .key = {"x"}, .exclude = {"y", "x"}}}),
              HasSubstr("column \"x\" in its key and excludes it"));
  EXPECT_THAT(objection({{.table = "a.b", .topic = "t", .operations = {false, false, false, false}}}),
              HasSubstr("no operation"));
}

TEST(NamePattern, PutsNamesInTheirPlaces) {
  EXPECT_EQ(fill({.pattern = "{schema}.{table}.{operation}{x}", .schema = "{table}", .table = "t", .operation = "o"}),
            "{table}.t.o{x}");
  EXPECT_EQ(fill_topic({.pattern = "cdc.{schema}.{table}", .schema = "Shop", .table = "{ord ers}/é"}),
            "cdc.Shop._ord_ers____");
}

/// The id of a message is the same whenever it is read, and no other's.
TEST(ChangeId, NamesTheChange) {
  const pgoutput::Begin transaction{.commit = {0x1'2345'6789'ABC8}, .time = 7, .xid = 742};
  const auto id = change_id("7000000000000000001", transaction, 3);
  EXPECT_EQ(id.to_string().substr(0, 18), "0002468a-cf13-8579")
      << "the place of the commit, without its last three bits";
  EXPECT_EQ(id.to_string().substr(28), "00000003");
  EXPECT_EQ(id, change_id("7000000000000000001", transaction, 3));
  auto other = transaction;
  other.time = 8;
  EXPECT_NE(id, change_id("7000000000000000001", other, 3)) << "the same place on another timeline";
  other = transaction;
  other.commit.value += 8;
  EXPECT_NE(id, change_id("7000000000000000001", other, 3));
  EXPECT_NE(id, change_id("7000000000000000002", transaction, 3));
  EXPECT_NE(id, change_id("7000000000000000001", transaction, 4));
}

}  // namespace
}  // namespace annals::outbox
