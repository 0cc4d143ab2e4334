// Changes of tables that are not prepared, or not any more: what is refused with which remedy, and what is set aside.
#include <gmock/gmock.h>

#include "annals/outbox/parked.hpp"
#include "annals/outbox/status.hpp"
#include "capture/change_source.hpp"
#include "capture/relay_changes_base.hpp"
#include "wal/wal_cursor.hpp"

namespace annals::tests {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class RelayChangesRefuse : public RelayChangesBase {};

/// Each refusal names what mends it; what it names is done here, one after the other, until the relay runs.
TEST_F(RelayChangesRefuse, WhatIsNotPreparedAndSayTheRemedy) {
  const std::vector<Capture> captures{{.table = orders, .topic = "t", .key = {"code"}, .before = true},
                                      {.table = "shop.*", .topic = "t"}};
  const auto refusal = [&](const std::string& what, const std::string& remedy) {
    const auto error = error_of(captures);
    ASSERT_TRUE(error.has_value()) << what;
    EXPECT_EQ(error->kind(), ErrorKind::not_ready);
    EXPECT_THAT(error->message(), HasSubstr(what));
    if (!remedy.empty()) mend(*error, remedy);
  };
  refusal("there is no table public.orders", "");
  execute("CREATE TABLE orders (id bigint PRIMARY KEY)");
  refusal("there is no table shop.*", "");
  execute("CREATE SCHEMA shop; CREATE TABLE shop.lines (id int)");
  refusal("there is no publication", "CREATE PUBLICATION");
  execute(
      "ALTER PUBLICATION annals_changes DROP TABLE orders, shop.lines; ALTER PUBLICATION annals_changes SET (publish = "
      "'insert')");
  refusal("does not have all operations", "ALTER PUBLICATION");
  refusal("does not have table public.orders", "ALTER PUBLICATION");
  refusal("does not have table shop.*", "ALTER PUBLICATION");
  refusal("table public.orders has no column \"code\"", "");
  execute("ALTER TABLE orders ADD code text");
  refusal("column \"code\" of table public.orders is in the key", "ALTER TABLE");
  execute(
      "ALTER TABLE orders REPLICA IDENTITY DEFAULT; ALTER TABLE orders ALTER code SET NOT NULL; CREATE UNIQUE INDEX i "
      "ON orders (code); ALTER TABLE orders REPLICA IDENTITY USING INDEX i");
  refusal("rows of table public.orders as they were before", "ALTER TABLE");
  refusal("table shop.lines has no primary key", "");
  execute("ALTER TABLE shop.lines ADD PRIMARY KEY (id)");
  EXPECT_EQ(error_of(captures), std::nullopt);
}

/// A key that changes is a row that is deleted, and the server tells it as an update.
TEST_F(RelayChangesRefuse, APublicationWithDeletesAndNoUpdates) {
  make_orders();
  execute("ALTER PUBLICATION annals_changes SET (publish = 'insert, delete')");
  auto capture = captured();
  capture.operations = {.inserts = true, .updates = false, .deletes = true, .truncates = false};
  const auto error = error_of({capture});
  ASSERT_TRUE(error.has_value());
  EXPECT_THAT(error->hint(), HasSubstr("publish = 'insert, update, delete'"));
  mend(*error, "ALTER PUBLICATION");
  EXPECT_EQ(error_of({capture}), std::nullopt);
}

/// What changed is in no table: whatever the slot does not have must not be passed over in silence.
TEST_F(RelayChangesRefuse, ASlotThatWasLostAndBeginAnewWhenToldTo) {
  make_orders();
  execute("INSERT INTO orders VALUES (1, 'a', 'b')");
  EXPECT_EQ(run_once({captured()}).size(), 1U);
  execute("SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE database = current_database()");
  execute("INSERT INTO orders VALUES (2, 'a', 'b')");
  for (const auto* how : {"had gone and was made anew", "was moved on to"}) {
    const auto error = error_of({captured()});
    ASSERT_TRUE(error.has_value());
    EXPECT_EQ(error->kind(), ErrorKind::corrupt);
    EXPECT_THAT(error->message(), HasSubstr(how));
  }
  begin_anew(*error_of({captured()}));
}

/// A place in the log of the other timeline says nothing of this one: what its slot has is told, if the operator has accepted that.
TEST_F(RelayChangesRefuse, AnotherTimelineUntilItIsAccepted) {
  make_orders();
  execute("INSERT INTO orders VALUES (1, 'a', 'b')");
  postgres::Connection session{database_.as("wal_relay")};
  auto cluster = postgres::read_cluster_identity(session);
  const auto here = std::exchange(cluster.timeline, "0");
  const auto there = outbox::WalCursor{.cluster = cluster, .place = {.flush = {1ULL << 40U}}, .progress = {}}.encode();
  const auto told = [&](const std::string& accepted) {
    outbox::ChangeSource source{
        session, clock_, log_, {.relay = "relay", .accept_timeline = accepted, .captures = {captured()}}};
    source.start(there);
    while (source.read() != outbox::MessageSource::State::caught_up && source.size() == 0) {
    }
    return source.size();
  };
  EXPECT_THAT(error_text([&] { (void)told(""); }), HasSubstr("relay.accept_timeline = \"" + here + "\" goes on"));
  EXPECT_EQ(told(here), 1U);
}

/// What is told and not delivered is kept, and bounded.
TEST_F(RelayChangesRefuse, ToKeepMoreThanTheyMay) {
  make_orders();
  constexpr auto rows = 100'000;
  execute("INSERT INTO orders SELECT i, 'state', repeat('x', 200) FROM generate_series(1, " + std::to_string(rows) +
          ") i");
  postgres::Connection session{database_.as("wal_relay")};
  outbox::ChangeSource source{session, clock_, log_, {.relay = "relay", .captures = {captured()}}};
  source.start(source.first({}, 0ms));
  std::int64_t ticket = 0;
  std::size_t kept = 0;
  int full = 0;
  outbox::MessageView view;
  for (auto state = outbox::MessageSource::State::rows; state != outbox::MessageSource::State::caught_up;) {
    state = source.read();
    for (std::size_t i = 0; i < source.size(); ++i) {
      source.decode(i, view);
      ticket = view.ticket;
      kept += view.payload.size();
    }
    ASSERT_LT(kept, outbox::ChangeLedger::kept_bytes_max + (3U << 20U));
    if (!source.full()) continue;
    ++full;
    kept = 0;
    source.forget(ticket);
    ASSERT_FALSE(source.full());
  }
  EXPECT_EQ(source.place(ticket).position, rows);
  EXPECT_GT(full, 1);
}

TEST_F(RelayChangesRefuse, WhatNoLogOfChangesHas) {
  make_orders();
  EXPECT_THAT(error_of({})->message(), HasSubstr("no captures"));
  RecordingSink sink;
  const auto refusal = [&](const postgres::MessageLog& log, outbox::RelayOptions options) {
    return error_text([&] { outbox::Relay{database_.as("wal_relay"), log, sink, clock_, std::move(options)}; });
  };
  EXPECT_THAT(refusal(outbox::message_log("annals"), {.captures = {captured()}}), HasSubstr("is no log of changes"));
  EXPECT_THAT(refusal(log_, {.captures = {captured()}}), HasSubstr("from a table, or in shards"));
  EXPECT_THAT(
      refusal(log_, {.shard = {.index = 1, .count = 2}, .captures = {captured()}, .read_from = outbox::ReadFrom::wal}),
      HasSubstr("shards"));
  outbox::Start at_five{.at = outbox::Start::At::position, .position = 5};
  auto starting = capturing(sink, {captured()}, {.name = "late", .start = at_five});
  EXPECT_THAT(error_text([&] { run_until_idle(starting); }), HasSubstr("in no table"));
  postgres::Connection session{database_.as("operator")};
  EXPECT_THAT(error_text([&] { outbox::adopt_checkpoint(session, log_, {.position = 5}); }), HasSubstr("in no table"));
}

TEST_F(RelayChangesRefuse, PartitionsThatAreToldByThemselves) {
  execute(
      "CREATE TABLE orders (id int, at int, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);"
      "CREATE TABLE orders_1 PARTITION OF orders FOR VALUES FROM (0) TO (10);"
      "CREATE PUBLICATION annals_changes FOR TABLE orders");
  const auto error = error_of({captured()});
  ASSERT_TRUE(error.has_value());
  EXPECT_THAT(error->message(), HasSubstr("as those of its partitions"));
  mend(*error, "ALTER PUBLICATION");
  EXPECT_THAT(run_once({captured()}), IsEmpty());
  execute("INSERT INTO orders VALUES (1, 5)");
  EXPECT_THAT(keys(run_once({captured()})), ElementsAre("[1,5]"));
}

/// A partition has a replica identity of its own, which the server does not tell: what it does not log comes as NULL.
TEST_F(RelayChangesRefuse, PartitionsThatLogLessThanTheirTable) {
  execute(
      "CREATE TABLE orders (id int PRIMARY KEY, state text) PARTITION BY RANGE (id);"
      "CREATE TABLE orders_1 PARTITION OF orders FOR VALUES FROM (0) TO (10);"
      "CREATE PUBLICATION annals_changes FOR TABLE orders WITH (publish_via_partition_root = true)");
  auto capture = captured();
  capture.before = true;
  const auto whole = error_of({capture});
  ASSERT_TRUE(whole.has_value());
  mend(*whole, "ALTER TABLE");
  const auto part = error_of({capture});
  ASSERT_TRUE(part.has_value());
  EXPECT_THAT(part->message(),
              HasSubstr("partition public.orders_1 of table public.orders does not log column \"state\""));
  mend(*part, "ALTER TABLE");
  EXPECT_THAT(run_once({capture}), IsEmpty());
  execute("INSERT INTO orders VALUES (1, 'a'); UPDATE orders SET state = 'b'");
  const auto messages = run_once({capture});
  ASSERT_EQ(messages.size(), 2U);
  EXPECT_EQ(member(messages[1], "before"), R"({"id":1,"state":"a"})");
  // One that comes later, and was not looked at yet.
  RecordingSink sink;
  auto relay = capturing(sink, {capture});
  run_until_idle(relay);
  execute(
      "CREATE TABLE orders_2 PARTITION OF orders FOR VALUES FROM (10) TO (20); INSERT INTO orders VALUES (11, 'a')");
  execute("UPDATE orders SET state = 'b' WHERE id = 11");
  const auto halt = [](const auto&) { return false; };
  EXPECT_THAT(error_text([&] { step_until(relay, halt); }), HasSubstr("in a partition that does not log rows"));
}

TEST_F(RelayChangesRefuse, AColumnThatIsExcludedAndInTheKeyOrNotThere) {
  execute("CREATE TABLE orders (id int, secret text, PRIMARY KEY (id, secret))");
  execute("CREATE PUBLICATION annals_changes FOR TABLE orders");
  auto capture = captured();
  capture.exclude = {"secret"};
  EXPECT_THAT(error_of({capture})->message(), HasSubstr("is excluded, and in the key"));
  capture.exclude = {"sceret"};
  EXPECT_THAT(error_of({capture})->message(), HasSubstr("has no column \"sceret\""));
}

/// While a relay runs, too: nothing else would tell that nothing comes any more.
TEST_F(RelayChangesRefuse, ATableThatIsTakenOutOfThePublication) {
  make_orders();
  postgres::Connection session{database_.as("wal_relay")};
  outbox::ChangeSource source{
      session, clock_, log_, {.relay = "relay", .captures = {captured()}, .check_interval = 1ms}};
  source.start(source.first({}, 0ms));
  EXPECT_NO_THROW((void)source.read());
  execute("ALTER PUBLICATION annals_changes DROP TABLE orders");
  EXPECT_THAT(error_text([&] {
                clock_.sleep_for(2ms);
                (void)source.read();
              }),
              HasSubstr("does not have table public.orders"));
}

/// A service's owner alters his tables as he likes, while a relay runs: what comes before is published, what does not go with its capture
/// halts the relay, and is not passed over or told in another way.
class RelayChangesAltered : public RelayChangesBase {
 protected:
  /// What is published until the relay halts, and why it does.
  std::pair<std::vector<Received>, std::string> run_until_halt(const std::vector<Capture>& captures) {
    RecordingSink sink;
    auto relay = capturing(sink, captures);
    auto why = error_text([&] { run_until_idle(relay); });
    return {std::move(sink.received), std::move(why)};
  }
};

TEST_F(RelayChangesAltered, TellsNoSecretUnderAnotherName) {
  make_orders("id bigint PRIMARY KEY, state text, secret text");
  auto capture = captured();
  capture.exclude = {"secret"};
  execute("INSERT INTO orders VALUES (1, 'a', 's3cr3t'); ALTER TABLE orders RENAME secret TO password");
  execute("INSERT INTO orders VALUES (2, 'b', 's3cr3t')");
  const auto [before, why] = run_until_halt({capture});
  EXPECT_THAT(keys(before), ElementsAre("1"));
  EXPECT_THAT(why, AllOf(HasSubstr("table public.orders has no column \"secret\", which its capture excludes"),
                         HasSubstr("by the name that it has now"), HasSubstr("--log changes --position 2"),
                         Not(HasSubstr("s3cr3t"))));
  EXPECT_THAT(run_until_halt({capture}).first, IsEmpty()) << "as often as it is started";
  capture.exclude = {"password"};
  const auto after = run_once({capture});
  ASSERT_THAT(keys(after), ElementsAre("2"));
  EXPECT_EQ(member(after[0], "after"), R"({"id":2,"state":"b"})");
}

TEST_F(RelayChangesAltered, PassesOverNoTableThatWasRenamed) {
  make_orders();
  execute("INSERT INTO orders VALUES (1, 'a', ''); ALTER TABLE orders RENAME TO archive");
  execute("CREATE TABLE orders (id int PRIMARY KEY); ALTER PUBLICATION annals_changes ADD TABLE orders");
  execute("INSERT INTO orders VALUES (2); INSERT INTO archive VALUES (3, 'a', '')");
  const auto [before, why] = run_until_halt({captured()});
  EXPECT_THAT(keys(before), ElementsAre("1", "2"));
  EXPECT_THAT(why, HasSubstr("table public.orders, which is captured, is called public.archive now"));
  EXPECT_THAT(keys(run_once({captured(), {.table = "public.archive", .topic = "t"}})), ElementsAre("3"));
}

TEST_F(RelayChangesAltered, PassesOverNoChangeOfOneWhateverItIs) {
  make_orders();
  execute("CREATE TABLE other (id int PRIMARY KEY); ALTER PUBLICATION annals_changes ADD TABLE other");
  for (const auto* change : {"UPDATE archive SET state = 'b'", "DELETE FROM archive", "TRUNCATE archive"}) {
    execute(
        "INSERT INTO orders VALUES (1, 'a', ''); ALTER TABLE orders RENAME TO archive; ALTER TABLE other RENAME TO "
        "orders");
    execute(change);
    const auto [before, why] = run_until_halt({captured()});
    EXPECT_THAT(keys(before), ElementsAre("1")) << change;
    EXPECT_THAT(why, HasSubstr("is called public.archive now")) << change;
    (void)run_once({captured(), {.table = "public.archive", .topic = "t"}});
    execute("ALTER TABLE orders RENAME TO other; ALTER TABLE archive RENAME TO orders; TRUNCATE orders");
    (void)run_once({captured()});
  }
}

/// While it is so no relay begins; these are rows of a time when it was.
TEST_F(RelayChangesAltered, TellsNoColumnThatIsExcludedAsAKey) {
  make_orders("id bigint PRIMARY KEY, state text, secret text");
  auto capture = captured();
  capture.exclude = {"secret"};
  const std::string key = "ALTER TABLE orders DROP CONSTRAINT orders_pkey; ALTER TABLE orders ADD PRIMARY KEY ";
  execute(key + "(secret); INSERT INTO orders VALUES (1, 'a', 's3cr3t')");
  execute(key + "(id)");
  const auto [before, why] = run_until_halt({capture});
  EXPECT_THAT(before, IsEmpty());
  EXPECT_THAT(why, AllOf(HasSubstr("is excluded, and in the key of its messages"), Not(HasSubstr("s3cr3t"))));
}

TEST_F(RelayChangesAltered, MakesUpNoKeyOfItsOwn) {
  make_orders("id bigint PRIMARY KEY, state text", "ALTER TABLE orders REPLICA IDENTITY FULL");
  auto capture = captured();
  capture.key = {"state"};
  execute("ALTER TABLE orders REPLICA IDENTITY DEFAULT; INSERT INTO orders VALUES (1, 'a'); DELETE FROM orders");
  execute("ALTER TABLE orders REPLICA IDENTITY FULL");
  const auto [before, why] = run_until_halt({capture});
  EXPECT_THAT(before, IsEmpty());
  EXPECT_THAT(why, HasSubstr("the server does not log it of rows that are updated or deleted"));
}

TEST_F(RelayChangesAltered, MakesUpNoKeyAndNoRowBefore) {
  make_orders("id bigint PRIMARY KEY, state text", "ALTER TABLE orders REPLICA IDENTITY FULL");
  auto capture = captured();
  capture.before = true;
  for (const auto* identity : {"DEFAULT", "NOTHING"}) {
    execute("ALTER TABLE orders REPLICA IDENTITY " + std::string{identity} + "; INSERT INTO orders VALUES (1, 'a')");
    execute("ALTER TABLE orders REPLICA IDENTITY FULL; DELETE FROM orders");
    const auto [before, why] = run_until_halt({capture});
    EXPECT_THAT(before, IsEmpty());
    EXPECT_THAT(why, AllOf(HasSubstr("public.orders"), HasSubstr("REPLICA IDENTITY FULL")));
    postgres::Connection operate{database_.as("operator")};
    const auto at = outbox::read_relay_status(operate, {log_}).at(0).position + 1;
    const auto id = why.substr(why.find("--id ") + 5, 36);
    outbox::skip_message(operate, log_, {.position = at, .id = *EventId::parse(id), .reason = "no key"});
    EXPECT_THAT(types(run_once({capture})), ElementsAre("orders.deleted", "tombstone")) << identity;
  }
}

/// Who owns one of the tables that a relay captures can halt it, and tell nothing for another.
TEST_F(RelayChangesAltered, KeepsWhatOtherTablesHadBefore) {
  make_orders();
  execute("CREATE TABLE other (id int PRIMARY KEY); ALTER PUBLICATION annals_changes ADD TABLE other");
  const std::vector<Capture> captures{captured(), {.table = "public.other", .topic = "t", .key = {"id"}}};
  {
    RecordingSink sink;
    auto relay = capturing(sink, captures);
    run_until_idle(relay);
    execute("INSERT INTO orders VALUES (1, 'a', ''); ALTER TABLE other RENAME id TO n; INSERT INTO other VALUES (9)");
    const auto halt = [&](const auto&) { return false; };
    EXPECT_THAT(error_text([&] { step_until(relay, halt); }), HasSubstr("table public.other has no column \"id\""));
    EXPECT_THAT(keys(sink.received), ElementsAre("1"));
  }
  execute("DROP TABLE other; INSERT INTO orders VALUES (2, 'a', '')");
  EXPECT_THAT(error_of(captures)->message(), HasSubstr("there is no table public.other"));
  EXPECT_THAT(keys(run_once({captured()})), ElementsAre("2")) << "without the capture";
}

class RelayChangesPoison : public RelayChangesBase {};

/// Wherever a message goes, a column that is excluded does not go with it.
TEST_F(RelayChangesPoison, HasNothingThatIsExcluded) {
  make_orders("id bigint PRIMARY KEY, state text, secret text", "ALTER TABLE orders REPLICA IDENTITY FULL");
  auto capture = captured();
  capture.exclude = {"secret"};
  capture.before = true;
  execute(
      "INSERT INTO orders VALUES (1, 'visible', 's3cr3t'), (2, 'visible', 's3cr3t'), (3, 'visible', repeat('s3cr3t', "
      "1000)); UPDATE orders SET state = 'visible2'; UPDATE orders SET id = id + 10; DELETE FROM orders");
  RecordingSink sink{{.undeliverable = {1}}};
  const outbox::RelayOptions options{.on_poison = {{.topics = "*", .policy = outbox::PoisonPolicy::park}},
                                     .claim_checks = {{.topics = "*", .above_bytes = 1}}};
  {
    auto relay = capturing(sink, {capture}, options);
    EXPECT_THAT(error_text([&] { run_until_idle(relay); }), HasSubstr("are set aside"));
  }
  const auto messages = run_once({capture}, options);
  EXPECT_GT(messages.size(), 10U);
  for (const auto& message : messages) {
    EXPECT_THAT(message.key + message.payload + message.type, Not(HasSubstr("s3cr3t")));
  }
  for (const auto* table : {"relay_parked", "claims"}) {
    const auto payloads = scalar(std::string{"SELECT string_agg(encode(payload, 'escape'), '') FROM annals."} + table);
    EXPECT_THAT(payloads, AllOf(HasSubstr("visible"), Not(HasSubstr("s3cr3t")))) << table;
  }
  EXPECT_THAT(scalar("SELECT pg_catalog.schema_to_xml('annals', true, false, '')"),
              AllOf(HasSubstr("relay_checkpoint"), Not(HasSubstr("s3cr3t"))));
}

TEST_F(RelayChangesPoison, IsSetAsideAndComesBackAsWhatItWas) {
  make_orders();
  execute(
      "INSERT INTO orders VALUES (1, 'a', 'b'), (2, 'a', 'b'); DELETE FROM orders; INSERT INTO orders VALUES (3, 'a', "
      "'b')");
  const outbox::RelayOptions park{.on_poison = {{.topics = "*", .policy = outbox::PoisonPolicy::park}}};
  {
    RecordingSink sink{{.undeliverable = {1}}};
    auto relay = capturing(sink, {captured()}, park);
    EXPECT_THAT(error_text([&] { run_until_idle(relay); }), HasSubstr("are set aside"));
  }
  EXPECT_THAT(keys(run_once({captured()}, park)), ElementsAre("2", "2", "2", "3")) << "of key 1 all waits";
  postgres::Connection operate{database_.as("operator")};
  const auto parked = outbox::list_parked(operate, log_, {});
  ASSERT_EQ(parked.size(), 3U);
  execute(
      "INSERT INTO annals.relay_decisions (relay, log, position, message_id, action, reason) SELECT relay, log, "
      "position, message_id, 'retry', 'mended' FROM annals.relay_parked WHERE reason <> ''");
  EXPECT_THAT(types(run_once({captured()}, park)), ElementsAre("orders.inserted", "orders.deleted", "tombstone"));
}

TEST_F(RelayChangesPoison, IsADeadLetterOrHalts) {
  make_orders();
  execute("INSERT INTO orders VALUES (1, 'a', 'b'), (2, 'a', 'b')");
  {
    RecordingSink sink{{.unsendable = {1}}};
    auto halting = capturing(sink, {captured()});
    const auto error = error_text([&] { run_until_idle(halting); });
    EXPECT_THAT(error, HasSubstr("message 1 ("));
    EXPECT_THAT(error, HasSubstr("annals relay skip relay --log changes --position 1"));
  }
  const outbox::RelayOptions letters{
      .on_poison = {{.topics = "cdc.*", .policy = outbox::PoisonPolicy::dead_letter, .dead_letter_topic = "dead"}}};
  RecordingSink taking;
  auto relay = capturing(taking, {captured()}, letters);
  taking.options().on_send = [&, first = true]() mutable {
    if (std::exchange(first, false)) throw Error{ErrorKind::refused, "too large"};
  };
  run_until_idle(relay);
  ASSERT_EQ(taking.received.size(), 2U);
  EXPECT_EQ(taking.received[0].topic, "dead");
  EXPECT_EQ(taking.received[1].topic, "cdc.orders");
}

/// What is in its slot is its lag: nobody has counted it.
TEST_F(RelayChangesPoison, HasAStatusWithoutACount) {
  make_orders();
  postgres::Connection session{database_.as("operator")};
  const auto relays = outbox::read_relay_status(session, {log_});
  ASSERT_EQ(relays.size(), 1U);
  EXPECT_EQ(relays[0].log, "changes");
  EXPECT_EQ(relays[0].lag_messages, std::nullopt);
  EXPECT_TRUE(relays[0].slot.has_value());
}

}  // namespace
}  // namespace annals::tests
