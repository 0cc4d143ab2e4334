// The changes of a service's own tables, which know nothing of Annals, as messages: what each says, and that none is left out or told twice.
#include <gmock/gmock.h>

#include <algorithm>

#include "capture/change_source.hpp"
#include "capture/relay_changes_base.hpp"
#include "wal/wal_cursor.hpp"

namespace annals::tests {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

class RelayChanges : public RelayChangesBase, public ::testing::WithParamInterface<Way> {
 protected:
  RelayChanges() { way_ = GetParam(); }
};

TEST_P(RelayChanges, TellOfARowFromItsInsertToItsDelete) {
  make_orders();
  execute("INSERT INTO orders VALUES (7, 'new', NULL); UPDATE orders SET state = 'paid'; DELETE FROM orders");
  const auto messages = run_once({captured()});
  ASSERT_THAT(types(messages), ElementsAre("orders.inserted", "orders.updated", "orders.deleted", "tombstone"));
  EXPECT_THAT(keys(messages), ElementsAre("7", "7", "7", "7"));
  EXPECT_EQ(messages[0].topic, "cdc.orders");
  EXPECT_EQ(messages[0].content_type, ContentType::json);
  EXPECT_THAT(
      messages[0].payload,
      StartsWith(
          R"({"operation":"insert","table":"public.orders","before":null,"after":{"id":7,"state":"new","doc":null},"transaction":{"lsn":")"));
  EXPECT_EQ(member(messages[1], "after"), R"({"id":7,"state":"paid","doc":null})");
  EXPECT_EQ(member(messages[2], "before"), R"({"id":7})");
  EXPECT_EQ(member(messages[2], "after"), "null");
  EXPECT_THAT(messages[2].payload, HasSubstr(R"("change":3)"));
  EXPECT_EQ(messages[2].type, messages[3].type);
  const auto now = std::chrono::system_clock::now();
  EXPECT_LT(now - messages[0].time, 60s) << "the time of the commit";
  EXPECT_GE(now, messages[0].time);
  EXPECT_THAT(run_once({captured()}), IsEmpty());
}

TEST_P(RelayChanges, WriteEachTypeSoThatNothingIsLost) {
  for (const auto* setting : {"bytea_output = 'escape'", "DateStyle = 'German'", "TimeZone = 'Asia/Tokyo'",
                              "search_path = public", "quote_all_identifiers = on"}) {
    execute("ALTER DATABASE " + scalar("current_database()") + " SET " + setting);
  }
  execute("CREATE TYPE mood AS ENUM ('good'); CREATE DOMAIN count AS int");
  make_orders(
      "id bigint PRIMARY KEY, b boolean, n numeric, d float8, f float8, j jsonb, y bytea, at timestamptz, local "
      "timestamp,"
      " day date, i interval, u uuid, r int4range, a int[], t text[][], m mood, dom count, \"a \"\"b\"\"\" text, o "
      "regclass");
  execute(
      "INSERT INTO orders VALUES (9223372036854775807, true, 12345678901234567890.120, 0.1, 'NaN', '{\"k\": [1, "
      "2.50]}', '\\x00ff',"
      " '2026-11-28 12:13:19.5+01', '2026-11-28 12:13:19', '2026-11-28', '1 day 02:03:04', "
      "'0f8fad5b-d9cd-469f-a165-70867728950e',"
      " '[1,5)', '{1,NULL}', '{{a,\"b c\"},{\"\",\"\\\"\"}}', 'good', 7, E'tab\\t', 'orders')");
  const auto messages = run_once({captured()});
  ASSERT_EQ(messages.size(), 1U);
  EXPECT_EQ(messages[0].key, "9223372036854775807");
  const std::string expected =
      R"x({"id":9223372036854775807,"b":true,"n":"12345678901234567890.120","d":0.1,"f":"NaN","j":{"k": [1, 2.50]},)x"
      R"x("y":"AP8=","at":"2026-11-28T11:13:19.5Z","local":"2026-11-28T12:13:19","day":"2026-11-28","i":"P1DT2H3M4S",)x"
      R"x("u":"0f8fad5b-d9cd-469f-a165-70867728950e","r":"[1,5)","a":[1,null],"t":[["a","b c"],["","\""]],"m":"good",)x"
      R"x("dom":7,"a \"b\"":"tab\t","o":"public.orders"})x";
  EXPECT_EQ(member(messages[0], "after"), expected);
}

/// Whoever keeps a state for each key has nothing left under the old one.
TEST_P(RelayChanges, MakeOfAKeyThatChangesTwoRows) {
  make_orders();
  execute("INSERT INTO orders VALUES (1, 'new', NULL); UPDATE orders SET id = 2");
  const auto messages = run_once({captured()});
  EXPECT_THAT(types(messages), ElementsAre("orders.inserted", "orders.deleted", "tombstone", "orders.inserted"));
  EXPECT_THAT(keys(messages), ElementsAre("1", "1", "1", "2"));
  EXPECT_EQ(member(messages[1], "before"), R"({"id":1})");
  EXPECT_EQ(member(messages[3], "after"), R"({"id":2,"state":"new","doc":null})");
}

TEST_P(RelayChanges, NameALongValueThatWasNotTouched) {
  make_orders();
  fill_doc();
  execute("UPDATE orders SET state = 'paid'; UPDATE orders SET id = 2");
  const auto messages = run_once({captured()});
  ASSERT_THAT(types(messages),
              ElementsAre("orders.inserted", "orders.updated", "orders.deleted", "tombstone", "orders.inserted"));
  EXPECT_GT(member(messages[0], "after").size(), 16'000U);
  EXPECT_EQ(member(messages[0], "unchanged"), "");
  EXPECT_EQ(member(messages[1], "after"), R"({"id":1,"state":"paid"})");
  EXPECT_EQ(member(messages[1], "unchanged"), R"(["doc"])");
  EXPECT_EQ(member(messages[4], "after"), R"({"id":2,"state":"paid"})")
      << "of the row before the key is known, and NULLs";
  EXPECT_EQ(member(messages[4], "unchanged"), R"(["doc"])");
}

TEST_P(RelayChanges, HaveTheWholeRowBeforeWhereTheServerLogsIt) {
  make_orders("id bigint PRIMARY KEY, state text, doc text", "ALTER TABLE orders REPLICA IDENTITY FULL");
  fill_doc();
  execute("UPDATE orders SET state = 'paid'; UPDATE orders SET id = 2; DELETE FROM orders");
  auto capture = captured();
  capture.before = true;
  const auto messages = run_once({capture});
  ASSERT_THAT(types(messages), ElementsAre("orders.inserted", "orders.updated", "orders.deleted", "tombstone",
                                           "orders.inserted", "orders.deleted", "tombstone"));
  EXPECT_EQ(member(messages[1], "before"), member(messages[0], "after"));
  EXPECT_GT(member(messages[1], "after").size(), 16'000U) << "what was not touched is known";
  EXPECT_EQ(member(messages[1], "unchanged"), "");
  EXPECT_EQ(member(messages[2], "before"), member(messages[1], "after"));
  EXPECT_EQ(member(messages[5], "before"), member(messages[4], "after"));
  EXPECT_THAT(keys(messages), ElementsAre("1", "1", "1", "1", "2", "2", "2"));
  execute("INSERT INTO orders VALUES (3, 'a', 'b'); UPDATE orders SET state = 'b'");
  EXPECT_EQ(member(run_once({captured()}).back(), "before"), "null") << "nobody has asked for it";
}

/// The server says how a table looks, each time it has changed; a relay that runs goes on.
TEST_P(RelayChanges, FollowATableThatIsChanged) {
  make_orders();
  RecordingSink sink;
  auto relay = capturing(sink, {captured()});
  run_until_idle(relay);
  execute("INSERT INTO orders VALUES (1, 'a', 'b'); ALTER TABLE orders ADD COLUMN total numeric DEFAULT 5");
  execute(
      "INSERT INTO orders VALUES (2, 'a', 'b', 9.50); ALTER TABLE orders RENAME id TO number; ALTER TABLE orders DROP "
      "doc");
  execute("INSERT INTO orders VALUES (3, 'a', 1)");
  execute("ALTER TABLE orders ALTER state TYPE int USING 0; UPDATE orders SET total = 2 WHERE number = 1");
  step_until(relay, [&](const auto&) { return sink.received.size() >= 4; });
  ASSERT_EQ(sink.received.size(), 4U);
  EXPECT_EQ(member(sink.received[0], "after"), R"({"id":1,"state":"a","doc":"b"})");
  EXPECT_EQ(member(sink.received[1], "after"), R"({"id":2,"state":"a","doc":"b","total":"9.50"})");
  EXPECT_EQ(member(sink.received[2], "after"), R"({"number":3,"state":"a","total":"1"})");
  EXPECT_EQ(member(sink.received[3], "after"), R"({"number":1,"state":0,"total":"2"})");
  EXPECT_THAT(keys(sink.received), ElementsAre("1", "2", "3", "1"));
}

TEST_P(RelayChanges, TellOfATruncationWithoutAKey) {
  make_orders();
  execute("INSERT INTO orders VALUES (1, 'a', 'b'); TRUNCATE orders");
  const auto messages = run_once({captured()});
  ASSERT_THAT(types(messages), ElementsAre("orders.inserted", "orders.truncated"));
  EXPECT_EQ(messages[1].key, "");
  EXPECT_THAT(messages[1].payload,
              StartsWith(R"({"operation":"truncate","table":"public.orders","before":null,"after":null,)"));
}

TEST_P(RelayChanges, HaveWhatTheCaptureSays) {
  make_orders("id bigint, part int, state text, secret text, PRIMARY KEY (id, part)");
  execute("CREATE TABLE other (id int PRIMARY KEY); ALTER PUBLICATION annals_changes ADD TABLE other");
  auto capture = captured();
  capture.key = {"part", "id"};
  capture.exclude = {"secret"};
  capture.operations = {.inserts = true, .updates = false, .deletes = true, .truncates = false};
  capture.tombstones = false;
  capture.type = "shop.{schema}.{table}.{operation}.v1";
  execute(
      "INSERT INTO orders VALUES (1, 2, 'a', 's'); INSERT INTO other VALUES (1); UPDATE orders SET state = 'b'; DELETE "
      "FROM orders; TRUNCATE orders");
  const auto messages = run_once({capture});
  EXPECT_THAT(types(messages), ElementsAre("shop.public.orders.inserted.v1", "shop.public.orders.deleted.v1"));
  EXPECT_THAT(keys(messages), ElementsAre("[2,1]", "[2,1]"));
  EXPECT_EQ(member(messages[0], "after"), R"({"id":1,"part":2,"state":"a"})");
  EXPECT_EQ(member(messages[1], "before"), R"({"part":2,"id":1})");
}

TEST_P(RelayChanges, AreOfAllTablesOfASchema) {
  execute(
      "CREATE SCHEMA shop; CREATE TABLE shop.a (id text PRIMARY KEY); CREATE TABLE shop.\"B c\" (id int PRIMARY KEY, "
      "at int) ;"
      "CREATE TABLE shop.parts (id int, at int, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);"
      "CREATE TABLE shop.parts_1 PARTITION OF shop.parts FOR VALUES FROM (0) TO (10);"
      "CREATE PUBLICATION annals_changes FOR TABLE shop.a, shop.\"B c\", shop.parts WITH (publish_via_partition_root = "
      "true)");
  const std::vector<Capture> captures{{.table = "shop.*", .topic = "{schema}.{table}"}};
  EXPECT_THAT(run_once(captures), IsEmpty());
  execute(
      "INSERT INTO shop.a VALUES (''), ('x'); INSERT INTO shop.\"B c\" VALUES (1, 1); INSERT INTO shop.parts VALUES "
      "(1, 5)");
  const auto messages = run_once(captures);
  EXPECT_THAT(keys(messages), ElementsAre(R"([""])", "x", "1", "[1,5]")) << "an empty key would be none";
  ASSERT_EQ(messages.size(), 4U);
  EXPECT_EQ(messages[2].topic, "shop.B_c");
  EXPECT_EQ(messages[3].topic, "shop.parts");
}

/// A consumer knows a repetition by its id.
TEST_P(RelayChanges, HaveTheSameIdsWhenTheyAreReadAgain) {
  make_orders();
  execute(
      "INSERT INTO orders SELECT i, 'x', 'y' FROM generate_series(1, 20) i; UPDATE orders SET id = id + 100 WHERE id "
      "<= 2; DELETE FROM orders WHERE id = 3");
  const auto half = [&](std::size_t count) {
    RecordingSink sink;
    auto relay = capturing(sink, {captured()}, {.batch_rows_max = 3, .checkpoint_interval = 60s});
    step_until(relay, [&](const auto&) { return sink.received.size() >= count; });
    return std::move(sink.received);  // and dies without a checkpoint
  };
  const auto first = half(10);
  const auto second = half(15);
  const auto all = run_once({captured()}, {.batch_rows_max = 4});
  ASSERT_EQ(all.size(), 20U + 2 * 3 + 2);
  std::vector<EventId> ids;
  for (const auto& message : all) ids.push_back(message.id);
  for (const auto* part : {&first, &second}) {
    for (std::size_t i = 0; i < part->size(); ++i) {
      EXPECT_EQ((*part)[i].id, all[i].id);
      EXPECT_EQ((*part)[i].position, all[i].position);
      EXPECT_EQ((*part)[i].payload, all[i].payload);
    }
  }
  std::ranges::sort(ids);
  EXPECT_EQ(std::ranges::adjacent_find(ids), ids.end());
}

/// A checkpoint may stand between the messages of one change.
TEST_P(RelayChanges, GoOnWithinATransactionAndAChange) {
  make_orders();
  execute(
      "INSERT INTO orders VALUES (1, 'a', 'b'), (2, 'a', 'b'); UPDATE orders SET id = 3 WHERE id = 1; DELETE FROM "
      "orders");
  std::vector<std::string> seen;
  for (int i = 0; i < 9; ++i) {
    RecordingSink sink{{.room = 1}};
    auto relay = capturing(sink, {captured()}, {.batch_rows_max = 1, .in_flight_max = 1});
    step_until(relay, [&](const auto& report) { return !sink.received.empty() || report.state == State::idle; });
    EXPECT_TRUE(relay.drain(5s));
    for (const auto& key : keys(sink.received)) seen.push_back(key);
  }
  EXPECT_THAT(seen, ElementsAre("1", "2", "1", "1", "3", "2", "2", "3", "3"));
}

/// The server keeps the log for the slot: neither may it fill the disk, nor may there be nothing to read again.
class RelayChangesSlot : public RelayChangesBase {};

/// The server keeps the log for it: neither may it fill the disk, nor may there be nothing to read again.
TEST_F(RelayChangesSlot, GivesUpWhatIsRecordedAndNothingElse) {
  make_orders();
  postgres::Connection session{database_.as("wal_relay")};
  outbox::ChangeSource source{
      session, clock_, log_, {.relay = "relay", .captures = {captured()}, .move_interval = 0ms}};
  source.start(source.first({}, 0ms));
  const auto follow_until = [&](std::chrono::milliseconds most, const std::function<bool()>& done) {
    for (const auto end = clock_.steady() + most; !done() && clock_.steady() < end; clock_.sleep_for(10ms)) {
      (void)source.read();
      source.rest();
    }
    return done();
  };
  const auto flush_of = [](const outbox::Cursor& cursor) { return outbox::WalCursor::decode(cursor).place.flush; };
  const auto given_up = [&](const outbox::Cursor& cursor) {
    return scalar("SELECT confirmed_flush_lsn >= '" + to_string(flush_of(cursor)) +
                  "' FROM pg_replication_slots WHERE database = current_database()") == "true";
  };
  const auto before = source.cursor(0);
  execute("INSERT INTO orders VALUES (1, 'a', 'b')");
  ASSERT_TRUE(follow_until(10s, [&] { return source.size() == 1; }));
  const auto row = source.cursor(1);
  source.acknowledge(before);
  EXPECT_FALSE(follow_until(1'200ms, [&] { return given_up(row); })) << "the server is told once a second";
  source.acknowledge(row);
  EXPECT_TRUE(follow_until(10s, [&] { return given_up(row); }));

  execute("CREATE TABLE noise AS SELECT 1 AS x");
  ASSERT_TRUE(follow_until(10s, [&] { return source.moved(outbox::MessageSource::Move::due); }))
      << "by what is others'";
  EXPECT_GT(flush_of(source.cursor(1)), flush_of(row));
}

INSTANTIATE_TEST_SUITE_P(Ways, RelayChanges, ::testing::Values(Way::streamed, Way::mined), [](const auto& way) {
  return std::string{way.param == Way::streamed ? "streamed" : "mined"};
});

}  // namespace
}  // namespace annals::tests
