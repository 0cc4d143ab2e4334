// Relays of tables that are not ours.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <mutex>
#include <random>
#include <set>
#include <thread>
#include <vector>

#include "annals/core/clock.hpp"
#include "annals/core/error.hpp"
#include "annals/outbox/relay.hpp"
#include "annals/outbox/status.hpp"
#include "annals/postgres/connection.hpp"
#include "outbox/recording_sink.hpp"
#include "relay/own/own_check.hpp"
#include "relay/own/own_watch.hpp"
#include "support/dice.hpp"
#include "support/error_of.hpp"
#include "support/own_table.hpp"
#include "support/published.hpp"

namespace annals::relayd {
namespace {

using namespace std::chrono_literals;
using outbox::StepReport;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using tests::insert_own;

class OwnRelay : public testing::Test {
 protected:
  OwnRelay() { tests::make_own_table(database_); }

  void execute(const std::string& sql) { postgres::Connection{database_.superuser()}.execute(sql); }
  outbox::Relay relay(outbox::Sink& sink, outbox::RelayOptions options = {}) {
    return {database_.as("relay"), message_log("annals", own_), sink, clock_, std::move(options)};
  }
  static void run_until(outbox::Relay& relay, const std::function<bool(const StepReport&)>& done) {
    const auto deadline = std::chrono::steady_clock::now() + 60s;
    while (std::chrono::steady_clock::now() < deadline) {
      if (done(relay.step(20ms))) return;
    }
    FAIL() << "the relay did not get there within a minute";
  }
  static void run_until_idle(outbox::Relay& relay) {
    run_until(relay, [](const auto& report) { return report.state == StepReport::State::idle; });
  }
  std::vector<tests::Received> published() {
    tests::RecordingSink sink;
    auto one = relay(sink);
    run_until_idle(one);
    EXPECT_TRUE(one.drain(5s));
    return sink.received;
  }

  tests::TempDatabase database_;
  SystemClock clock_;
  OwnOutbox own_ = tests::own_outbox();
};

TEST_F(OwnRelay, PublishesDebeziumsColumns) {
  execute(
      "INSERT INTO shop.outboxevent (id, aggregatetype, aggregateid, type, payload) VALUES "
      "('0192f3a0-0000-7000-8000-000000000001', 'order', 'order-7', 'OrderPlaced', '{\"total\": 9.90}'), "
      "('0192f3a0-0000-7000-8000-000000000002', 'order', 'order-7', 'OrderDeleted', NULL)");
  const auto got = published();
  ASSERT_EQ(got.size(), 2U);
  EXPECT_EQ(got[0].position, 1);
  EXPECT_EQ(got[0].id.to_string(), "0192f3a0-0000-7000-8000-000000000001");
  EXPECT_EQ(got[0].topic, "outbox.event.order");
  EXPECT_EQ(got[0].key, "order-7");
  EXPECT_EQ(got[0].type, "OrderPlaced");
  EXPECT_EQ(got[0].content_type, ContentType::json);
  EXPECT_EQ(got[0].payload, R"({"total": 9.90})");
  EXPECT_THAT(got[0].metadata.headers, IsEmpty());
  EXPECT_EQ(got[1].payload, "");
  EXPECT_THAT(published(), IsEmpty());  // it goes on from its checkpoint
}

TEST_F(OwnRelay, MakesMessagesOfOtherTypes) {
  execute(
      "CREATE TABLE shop.\"Messages\" (\"Seq\" bigint GENERATED ALWAYS AS IDENTITY UNIQUE, code text, \"Body\" bytea, "
      "written timestamp, "
      "tags json, flat text[], millis bigint); GRANT SELECT ON shop.\"Messages\" TO annals_relay; INSERT INTO "
      "shop.\"Messages\" (code, \"Body\", "
      "written, tags, flat, millis) VALUES "
      "('0192F3A0-0000-7000-8000-00000000000A', '\\x00ff', '2024-05-06 07:08:09.5', "
      "'{\"b\": 2, \"a\": \"x\", \"none\": null, \"ce_id\": \"no\"}', '{k,v}', 1714979289500), "
      "('not a uuid', NULL, 'infinity', '[1]', '{odd}', 9223372036854775807), (NULL, '', '0044-01-01 BC', NULL, NULL, "
      "NULL)");
  own_ = {.table = "shop.Messages",
          .position = "Seq",
          .id = "code",
          .topic = "'t'",
          .key = "upper(code)",
          .type = "'T'",
          .payload = "\"Body\"",
          .headers = "tags",
          .time = "written",
          .traceparent = {},
          .tracestate = {}};
  auto got = published();
  ASSERT_EQ(got.size(), 3U);
  EXPECT_EQ(got[0].id.to_string(), "0192f3a0-0000-7000-8000-00000000000a");
  EXPECT_EQ(got[0].payload, std::string("\0\xff", 2));
  EXPECT_EQ(got[0].content_type, ContentType::octet_stream);
  EXPECT_EQ(format_timestamp(got[0].time), "2024-05-06T07:08:09.5Z");
  EXPECT_THAT(got[0].metadata.headers, ElementsAre(Pair("a", "x"), Pair("b", "2")));
  EXPECT_EQ(got[1].key, "NOT A UUID");
  EXPECT_NE(got[1].id, got[2].id);
  EXPECT_THAT(got[1].metadata.headers, IsEmpty());
  EXPECT_EQ(got[1].payload, "");
  EXPECT_LT(clock_.now() - got[1].time, 1h);  // infinity is no time: it was read just now
  own_.headers = "flat";
  own_.time = "millis";
  own_.id = "";
  outbox::RelayOptions other;
  other.name = "other";
  other.start = outbox::Start{};
  tests::RecordingSink sink;
  auto second = relay(sink, other);
  run_until_idle(second);
  ASSERT_EQ(sink.received.size(), 3U);
  EXPECT_THAT(sink.received[0].metadata.headers, ElementsAre(Pair("k", "v")));
  EXPECT_THAT(sink.received[1].metadata.headers, IsEmpty());
  EXPECT_EQ(format_timestamp(sink.received[0].time), "2024-05-06T07:08:09.5Z");
  EXPECT_EQ((std::set<EventId>{sink.received[0].id, sink.received[1].id, sink.received[2].id}.size()), 3U);
}

/// Legal JSON that PostgreSQL makes no text, no jsonb or no time of.
TEST_F(OwnRelay, IsStoppedByNoRow) {
  execute(
      "CREATE DOMAIN shop.bytes AS bytea; CREATE TABLE shop.odd (position bigint GENERATED ALWAYS AS IDENTITY UNIQUE, "
      "body shop.bytes, tags json, millis bigint); GRANT SELECT ON shop.odd TO annals_relay; "
      "INSERT INTO shop.odd (body, tags, millis) VALUES "
      R"(('\x00ff', E'\n\t{"a": "1", "a": "2"}', -99999999999999),)"
      R"(('', '{"a": "\u0000"}', 999999999999999), ('', '{"a": "\ud800"}', NULL), ('', '{"a\udc00\ud800": 1}', 0),)"
      R"(('', '{"a": "\\u0000\ud83d\ude00"}', 253402300799000), ('', '{"a": 1e999999}', -62104060800000))");
  own_ = {.table = "shop.odd",
          .id = "",
          .topic = "'t'",
          .key = "",
          .type = "'T'",
          .payload = "body",
          .headers = "tags",
          .time = "millis",
          .traceparent = {},
          .tracestate = {}};
  const auto got = published();
  ASSERT_EQ(got.size(), 6U);
  EXPECT_EQ(got[0].payload, std::string("\0\xff", 2));
  EXPECT_THAT(got[0].metadata.headers, ElementsAre(Pair("a", "2")));
  for (const auto row : {1U, 2U, 3U}) EXPECT_THAT(got[row].metadata.headers, IsEmpty()) << row;
  EXPECT_THAT(got[4].metadata.headers, ElementsAre(Pair("a", "\\u0000\xf0\x9f\x98\x80")));
  EXPECT_THAT(got[5].metadata.headers, ElementsAre(Pair("a", "1e999999")));
  for (const auto row : {0U, 1U, 2U}) EXPECT_LT(clock_.now() - got[row].time, 1h) << "it is no time: row " << row;
  EXPECT_EQ(format_timestamp(got[4].time), "9999-12-31T23:59:59Z");
  EXPECT_EQ(format_timestamp(got[5].time), "0002-01-01T00:00:00Z");
}

TEST_F(OwnRelay, SetsAsideARowThatIsNoMessage) {
  execute("ALTER TABLE shop.outboxevent ALTER aggregatetype DROP NOT NULL; " + insert_own("a", 1) +
          "; INSERT INTO shop.outboxevent (id, aggregatetype, aggregateid, type) VALUES (gen_random_uuid(), NULL, 'a', "
          "'t'), "
          "(gen_random_uuid(), 'no topic', 'a', 't'); " +
          insert_own("a", 2));
  outbox::RelayOptions options;
  options.on_poison = {{.topics = "*", .policy = outbox::PoisonPolicy::dead_letter}};
  options.topics = {"outbox.event.order"};
  tests::RecordingSink sink;
  auto one = relay(sink, options);
  run_until_idle(one);
  ASSERT_EQ(sink.received.size(), 2U);
  EXPECT_EQ(sink.received[1].payload, "2");
}

TEST_F(OwnRelay, IsNotReadFromTheLog) {
  tests::RecordingSink sink;
  outbox::RelayOptions options;
  options.read_from = outbox::ReadFrom::wal;
  EXPECT_THROW((void)relay(sink, options), Error);
}

TEST_F(OwnRelay, PublishesWhatWasCommittedLateBelowWhatIsPublished) {
  postgres::Connection late{database_.superuser()};
  late.execute("BEGIN; " + insert_own("a", 0));
  execute(insert_own("b", 1));
  tests::RecordingSink sink;
  auto one = relay(sink);
  run_until(one, [&](const auto&) { return sink.received.size() == 1; });
  EXPECT_EQ(sink.received[0].payload, "1");
  late.execute("COMMIT");
  run_until_idle(one);
  ASSERT_EQ(sink.received.size(), 2U);
  EXPECT_EQ(sink.received[1].payload, "0");
}

/// The control of what the check demands: with a number that was drawn before the table is locked the message is lost.
TEST_F(OwnRelay, WouldLoseARowWhosePositionWasDrawnBeforeItsInsert) {
  execute("ALTER TABLE shop.outboxevent ALTER position SET GENERATED BY DEFAULT");
  const auto drawn = [&] {
    postgres::Connection early{database_.superuser()};
    return early.query("SELECT pg_catalog.nextval(pg_catalog.pg_get_serial_sequence('shop.outboxevent', 'position'))")
        .bigint(0, 0);
  }();
  execute(insert_own("b", 1));
  tests::RecordingSink sink;
  auto one = relay(sink);
  run_until_idle(one);
  execute(
      fmt::format("INSERT INTO shop.outboxevent (position, id, aggregatetype, aggregateid, type, payload) "
                  "VALUES ({}, gen_random_uuid(), 'order', 'a', 't', '0')",
                  drawn));
  run_until_idle(one);
  EXPECT_EQ(sink.received.size(), 1U);
  postgres::Connection connection{database_.as("relay")};
  EXPECT_THROW(require_readable(connection, "annals", own_), Error);
}

/// The check looks when a relay starts.
TEST_F(OwnRelay, TakesNoRowForOneThatWasRolledBackBecauseAPolicyHidesIt) {
  execute(insert_own("a", 1));
  tests::RecordingSink sink;
  auto one = relay(sink);
  run_until_idle(one);
  execute(
      "ALTER TABLE shop.outboxevent ENABLE ROW LEVEL SECURITY; "
      "CREATE POLICY hiding ON shop.outboxevent USING (aggregateid <> 'hidden'); " +
      insert_own("hidden", 2) + "; " + insert_own("a", 3));
  EXPECT_THAT(tests::error_of([&] { run_until_idle(one); }).what(), testing::HasSubstr("row-level security"));
  execute("ALTER TABLE shop.outboxevent DISABLE ROW LEVEL SECURITY");
  EXPECT_THAT(published(), testing::SizeIs(2));
}

/// Whatever is read of it then, rows below what is published would never be.
TEST_F(OwnRelay, IsToldWhenItsTableIsAnotherOrCountsAnew) {
  execute(insert_own("a", 1));
  const OwnWatch::Time begin;
  const auto told_of = [&](const std::string& sql) {
    OwnWatch watch{database_.as("relay"), own_, "relay"};
    watch.look(begin);
    execute(sql);
    watch.look(begin + OwnWatch::interval - 1ms);
    try {
      watch.look(begin + OwnWatch::interval);
    } catch (const Error& error) {
      return std::string{error.kind() == ErrorKind::corrupt ? "another: " : "lacks: "} + error.message();
    }
    return std::string{};
  };
  EXPECT_EQ(told_of("VACUUM FULL shop.outboxevent"), "");
  EXPECT_EQ(told_of("ALTER TABLE shop.outboxevent ADD note text DEFAULT 'n'; " + insert_own("a", 2)), "");
  EXPECT_THAT(told_of("ALTER TABLE shop.outboxevent ALTER position RESTART WITH 1"), testing::StartsWith("another"));
  EXPECT_THAT(told_of("TRUNCATE shop.outboxevent RESTART IDENTITY"), testing::StartsWith("another"));
  EXPECT_THAT(
      told_of("ALTER TABLE shop.outboxevent RENAME TO old; SET ROLE annals_service; CREATE TABLE "
              "shop.outboxevent (LIKE shop.old INCLUDING ALL); GRANT SELECT ON shop.outboxevent TO annals_relay"),
      testing::StartsWith("another"));
  EXPECT_THAT(told_of("ALTER TABLE shop.outboxevent DROP position; ALTER TABLE shop.outboxevent ADD position bigint "
                      "GENERATED ALWAYS AS IDENTITY"),
              testing::StartsWith("another"));
}

/// What mends it alters the sequence, and is no reason to halt.
TEST_F(OwnRelay, IsToldWhatItsTableLacksByNowAndGoesOnWhenItIsMended) {
  OwnWatch watch{database_.as("relay"), own_, "relay"};
  OwnWatch::Time now;
  watch.look(now);
  execute("ALTER TABLE shop.outboxevent ALTER position SET CACHE 20");
  EXPECT_THAT(tests::error_of([&] { watch.look(now += OwnWatch::interval); }).what(), testing::HasSubstr("in advance"));
  execute("ALTER TABLE shop.outboxevent ALTER position SET CACHE 1");
  EXPECT_NO_THROW(watch.look(now += OwnWatch::interval));
}

/// By its id a relay that starts knows its history.
TEST_F(OwnRelay, IsToldThatAnIdIsAnotherEachTimeItIsAsked) {
  own_.id = "gen_random_uuid()";
  postgres::Connection connection{database_.as("relay")};
  EXPECT_NO_THROW(require_readable(connection, "annals", own_)) << "there is no row to ask";
  execute(insert_own("a", 1));
  EXPECT_THAT(tests::error_of([&] { require_readable(connection, "annals", own_); }).what(),
              testing::HasSubstr("own_outbox.id of shop.outboxevent (gen_random_uuid()) is another"));
  own_.id = "coalesce(NULL, position)";
  EXPECT_NO_THROW(require_readable(connection, "annals", own_));
}

TEST_F(OwnRelay, IsWokenByTheTriggerThatTheCheckPrints) {
  const auto published_within = [&](std::chrono::milliseconds wait) {
    tests::RecordingSink sink;
    outbox::RelayOptions options;
    options.poll_interval = 60s;
    auto one = relay(sink, options);
    run_until_idle(one);
    for (int i = 0; i < 10; ++i) (void)one.step(20ms);  // it falls asleep
    execute(insert_own("a", 1));
    const auto deadline = std::chrono::steady_clock::now() + wait;
    while (sink.received.empty() && std::chrono::steady_clock::now() < deadline) (void)one.step(20ms);
    return !sink.received.empty();
  };
  EXPECT_FALSE(published_within(500ms));
  postgres::Connection connection{database_.as("relay")};
  for (const auto& lack : find_lacks(connection, "annals", own_)) {
    if (lack.about == "wake-up") execute(lack.sql);
  }
  EXPECT_TRUE(published_within(20s));
}

TEST_F(OwnRelay, ReadsByTheIndex) {
  execute(
      "INSERT INTO shop.outboxevent (id, aggregatetype, aggregateid, type) SELECT gen_random_uuid(), 'order', 'a', 't' "
      "FROM generate_series(1, 20000); ANALYZE shop.outboxevent");
  const auto log = message_log("annals", own_);
  postgres::Connection connection{database_.superuser()};
  const auto plan = [&](const std::string& sql) {
    std::string text;
    const auto rows = connection.query("EXPLAIN " + sql);
    for (int i = 0; i < rows.rows(); ++i) text += rows.text(i, 0) + "\n";
    return text;
  };
  EXPECT_THAT(plan(log.select + " WHERE " + log.position + " > 5 ORDER BY " + log.position + " LIMIT 100"),
              testing::AllOf(testing::HasSubstr("Index Scan"), testing::Not(testing::HasSubstr("\n  ->  Sort"))));
  EXPECT_THAT(plan("SELECT max(r.position) FROM " + log.rows + " r"), testing::Not(testing::HasSubstr("Seq Scan")));
  EXPECT_THAT(plan("SELECT r.position, r.message_id FROM " + log.rows +
                   " r WHERE r.position <= 50 ORDER BY r.position DESC LIMIT 1"),
              testing::Not(testing::HasSubstr("Seq Scan")));
}

/// Writes rising numbers, each under one of its own keys; some transactions stay open for a while, some are rolled back.
class Writer {
 public:
  Writer(const postgres::Database& database, int id, std::uint64_t seed)
      : connection_(database), id_(id), dice_(seed) {}

  void run(const std::atomic<bool>& stop, std::atomic<int>& next, std::mutex& numbers) {
    while (!stop) transaction(next, numbers);
  }

 private:
  /// The number is drawn and committed by one writer of the key, so per key numbers rise in the order of commits.
  void transaction(std::atomic<int>& next, std::mutex& numbers) {
    connection_.execute("BEGIN");
    if (dice_.chance(10)) {
      connection_.execute(insert_own("gone", 1'000'000) + "; ROLLBACK");
      return;
    }
    const int number = [&] {
      const std::lock_guard lock{numbers};
      return next++;
    }();
    connection_.execute(insert_own(fmt::format("w{}", id_), number));
    dice_.pause(id_ == 0 ? 60 : 10, id_ == 0 ? 200'000 : 10'000);
    connection_.execute("COMMIT");
  }

  postgres::Connection connection_;
  int id_;
  tests::Dice dice_;
};

TEST_F(OwnRelay, LosesNothingBesideWritersAndStartsAnew) {
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE(fmt::format("seed {}", seed));
  std::atomic<bool> stop{false};
  std::atomic<int> next{0};
  std::mutex numbers;
  std::vector<std::jthread> writers;
  for (int id = 0; id < 4; ++id) {
    writers.emplace_back([&, id] {
      Writer{database_.superuser(), id, seed + static_cast<std::uint64_t>(id)}.run(stop, next, numbers);
    });
  }
  std::vector<tests::Published> all;
  const auto run = [&](std::chrono::milliseconds lasting, bool to_the_end) {
    tests::RecordingSink sink;
    auto one = relay(sink);
    const auto deadline = std::chrono::steady_clock::now() + lasting;
    while (std::chrono::steady_clock::now() < deadline) (void)one.step(20ms);
    if (to_the_end) run_until_idle(one);
    for (const auto& message : sink.received) all.push_back({message.key, std::stoi(message.payload)});
  };
  for (int life = 0; life < 4; ++life) run(300ms, false);
  stop = true;
  writers.clear();
  run(0ms, true);
  EXPECT_EQ(tests::fault_in(all, next), "");
  EXPECT_GT(next, 20);
}

}  // namespace
}  // namespace annals::relayd
