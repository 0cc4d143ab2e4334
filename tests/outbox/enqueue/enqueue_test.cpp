#include <gmock/gmock.h>
#include <pqxx/pqxx>

#include <thread>

#include "annals/core/limits.hpp"
#include "annals/postgres/log_table.hpp"
#include "relay_test_base.hpp"
#include "support/planted_functions.hpp"

namespace annals::tests {
namespace {

using testing::HasSubstr;

class OutboxEnqueue : public RelayTestBase {
 protected:
  std::string rows() { return scalar("SELECT count(*) FROM annals.outbox"); }
};

TEST_F(OutboxEnqueue, IsVisibleWithTheCallersCommitAndNotBefore) {
  {
    pqxx::work tx{*writer_};
    outbox_.enqueue(tx, message("a", "1"));
    EXPECT_EQ(rows(), "0");
    tx.commit();
  }
  EXPECT_EQ(rows(), "1");
}

TEST_F(OutboxEnqueue, LeavesNothingBehindARollback) {
  {
    const auto service = postgres::open_pqxx(database_.database());
    pqxx::work tx{*service};
    tx.exec("CREATE TABLE public.business (id int)");
    outbox_.enqueue(tx, message("a", "1"));
  }
  EXPECT_EQ(rows(), "0");
  EXPECT_EQ(scalar("SELECT to_regclass('public.business') IS NULL"), "true");
}

TEST_F(OutboxEnqueue, SaysWhenATriggerOfTheTableSwallowsWhatWasEnqueued) {
  execute(
      "CREATE FUNCTION public.swallow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';"
      "CREATE TRIGGER swallow BEFORE INSERT ON annals.outbox FOR EACH ROW EXECUTE FUNCTION public.swallow()");
  pqxx::work tx{*writer_};
  const auto error = error_of([&] { outbox_.enqueue(tx, message("a", "1")); });
  EXPECT_THAT(error.what(), HasSubstr("the outbox kept 0 of 1 messages"));
}

TEST_F(OutboxEnqueue, KeepsEveryMemberOfAMessage) {
  auto sent = message("key \"'\\{},NULL", std::string("\0\x01'\"\\x00\xff", 9));
  sent.type = "näme; DROP TABLE annals.outbox --";
  sent.content_type = ContentType::json;
  sent.occurred_at = parse_timestamp("2026-03-01T12:00:00.123456Z");
  sent.metadata = {.correlation_id = "c'1",
                   .causation_id = "c\"2",
                   .traceparent = "00-ab",
                   .tracestate = "a=b,c=d",
                   .headers = {{"h1", "{\"a\": [1,2]}"}, {"h2", ""}, {"NULL", "null"}, {"back\\slash", "ü\n"}}};
  const std::vector<outbox::Message> both{sent, message("", "")};
  {
    pqxx::work tx{*writer_};
    outbox_.enqueue(tx, sent);
    outbox_.enqueue(tx, both);
    tx.commit();
  }
  RecordingSink sink;
  auto relay = this->relay(sink);
  run_until_idle(relay);
  ASSERT_EQ(sink.received.size(), 3U);
  for (const auto i : {0U, 1U}) {
    const auto& got = sink.received[i];
    EXPECT_EQ(got.id, sent.id);
    EXPECT_EQ(got.topic, sent.topic);
    EXPECT_EQ(got.key, sent.key);
    EXPECT_EQ(got.type, sent.type);
    EXPECT_EQ(got.content_type, sent.content_type);
    EXPECT_EQ(got.payload, sent.payload);
    EXPECT_EQ(got.time, *sent.occurred_at);
    EXPECT_EQ(got.metadata, sent.metadata);
    EXPECT_EQ(got.subject, "");
  }
  EXPECT_EQ(sink.received[2].key, "");
  EXPECT_EQ(sink.received[2].payload, "");
  EXPECT_EQ(sink.received[2].metadata, Metadata{});
}

/// What is not given must not become the word NULL.
TEST_F(OutboxEnqueue, PutsNoWordsIntoMessagesWhateverTheSessionHas) {
  pqxx::connection session{database_.database().conninfo + "&options=-c%20array_nulls%3Doff"};
  pqxx::work tx{session};
  const std::vector<outbox::Message> bare(2, {.topic = "t", .key = {}, .type = "T", .payload = {}});
  (void)outbox_.enqueue(tx, bare);
  tx.commit();
  EXPECT_EQ(scalar("SELECT count(*) FROM annals.outbox WHERE key IS NULL AND occurred_at IS NULL AND headers IS NULL"
                   " AND correlation_id IS NULL AND causation_id IS NULL AND traceparent IS NULL"),
            "2");
}

TEST_F(OutboxEnqueue, CarriesALargePayload) {
  std::string large(1U << 20U, '\0');
  for (std::size_t i = 0; i < large.size(); ++i) large[i] = static_cast<char>(i * 31 % 256);
  enqueue("large", large);
  RecordingSink sink;
  auto relay = this->relay(sink);
  run_until_idle(relay);
  ASSERT_EQ(sink.received.size(), 1U);
  EXPECT_EQ(sink.received[0].payload, large);
}

TEST_F(OutboxEnqueue, GivesIncreasingPositionsInTheOrderGiven) {
  std::vector<outbox::Message> messages;
  for (int i = 0; i < 1000; ++i) messages.push_back(message("k", std::to_string(i)));
  pqxx::work tx{*writer_};
  const auto positions = outbox_.enqueue(tx, messages);
  tx.commit();
  ASSERT_EQ(positions.size(), messages.size());
  EXPECT_TRUE(std::is_sorted(positions.begin(), positions.end()));
  EXPECT_EQ(scalar("SELECT string_agg(convert_from(payload, 'UTF8'), ',' ORDER BY position) = "
                   "(SELECT string_agg(n::text, ',' ORDER BY n) FROM generate_series(0, 999) n) FROM annals.outbox"),
            "true");
}

TEST_F(OutboxEnqueue, RefusesBadMessagesAndLeavesTheTransactionUsable) {
  pqxx::work tx{*writer_};
  auto bad = message("k", "x");
  bad.type = "\xff";
  const std::vector<outbox::Message> second_bad{message("k", "x"), bad};
  EXPECT_EQ(error_of([&] { outbox_.enqueue(tx, bad); }).kind(), ErrorKind::invalid);
  EXPECT_THAT(error_of([&] { outbox_.enqueue(tx, second_bad); }).what(), HasSubstr("message type"));
  outbox_.enqueue(tx, message("k", "good"));
  tx.commit();
  EXPECT_EQ(rows(), "1");
}

TEST_F(OutboxEnqueue, RefusesMoreThanOneStatementMayCarry) {
  pqxx::work tx{*writer_};
  const std::vector<outbox::Message> many(limits::append_events_max + 1, message("k", "x"));
  EXPECT_THAT(error_of([&] { outbox_.enqueue(tx, many); }).what(), HasSubstr("split"));
  const std::vector<outbox::Message> large(5, message("k", std::string(limits::event_data_bytes_max, 'x')));
  EXPECT_THAT(error_of([&] { outbox_.enqueue(tx, large); }).what(), HasSubstr("split"));
  EXPECT_TRUE(outbox_.enqueue(tx, std::span<const outbox::Message>{}).empty());
}

TEST_F(OutboxEnqueue, SaysWhatTheDatabaseRefused) {
  execute("DROP TABLE annals.outbox CASCADE");
  pqxx::work tx{*writer_};
  const auto error = error_of([&] { outbox_.enqueue(tx, message("k", "x")); });
  EXPECT_EQ(error.sqlstate(), "42P01");
  EXPECT_FALSE(error.hint().empty());
}

TEST_F(OutboxEnqueue, ServesManyThreadsAndSessions) {
  const auto write = [&](int writer) {
    const auto connection = postgres::open_pqxx(database_.database());
    for (int i = 0; i < 50; ++i) {
      pqxx::work tx{*connection};
      outbox_.enqueue(tx, message(fmt::format("w{}", writer), std::to_string(i)));
      tx.commit();
    }
  };
  std::vector<std::jthread> threads;
  for (int writer = 0; writer < 4; ++writer) threads.emplace_back(write, writer);
  threads.clear();
  EXPECT_EQ(rows(), "200");
}

TEST_F(OutboxEnqueue, CallsNoFunctionThatSomebodyPlanted) {
  plant_functions(database_.superuser());
  for (const auto* path : {"public", "public, pg_catalog"}) {  // the second lets twins of pg_catalog's functions win
    auto database = database_.database();
    database.search_path = path;
    const auto session = postgres::open_pqxx(database);
    pqxx::work tx{*session};
    auto one = message("k", "x");
    one.metadata.headers = {{"tenant", "7"}};
    outbox_.enqueue(tx, one);
    one.id = EventId::generate();
    outbox_.enqueue(tx, std::vector{one, message("k", "y")});
    tx.commit();
  }
  EXPECT_EQ(rows(), "6");
}

/// Notifications that a listener gets when `enqueue` commits while the bell is (not) taken.
class OutboxBell : public RelayTestBase {
 protected:
  int rings(bool bell_taken, bool many) {
    postgres::Connection listener{database_.database()};
    listener.execute("LISTEN " + postgres::bell_channel("annals.outbox"));
    if (bell_taken)
      listener.execute("SELECT pg_advisory_lock(hashtextextended('" + postgres::bell_name("annals.outbox") +
                       "' COLLATE \"C\", 0))");
    if (many) {
      enqueue_numbers(0, 100);
    } else {
      enqueue("k", "x");
    }
    // A notification of this session's own comes after all that were committed before it.
    listener.execute("LISTEN fence; NOTIFY fence");
    int rings = 0;
    bool fenced = false;
    while (!fenced) {
      listener.notifications(1s, [&](std::string_view channel, std::string_view) {
        fenced = fenced || channel == "fence";
        rings += channel == "fence" ? 0 : 1;
      });
    }
    return rings;
  }
};

TEST_F(OutboxBell, RingsOnceForAReaderThatWaits) {
  EXPECT_EQ(rings(true, false), 1);
  EXPECT_EQ(rings(true, true), 1);
}

/// Whoever needs two phases must know: it works until somebody waits.
TEST_F(OutboxBell, CannotBePreparedOnceItRang) {
  const auto name = scalar("SELECT current_database()");
  const auto enqueue_and_prepare = [&] {
    const auto session = postgres::open_pqxx(database_.database());
    pqxx::nontransaction tx{*session};
    tx.exec("BEGIN");
    outbox_.enqueue(tx, message("k", "x"));
    tx.exec("PREPARE TRANSACTION '" + name + "'");
  };
  enqueue_and_prepare();
  execute("COMMIT PREPARED '" + name + "'");
  postgres::Connection sleeper{database_.database()};
  sleeper.execute("SELECT pg_advisory_lock(hashtextextended('" + postgres::bell_name("annals.outbox") +
                  "' COLLATE \"C\", 0))");
  try {
    enqueue_and_prepare();
    ADD_FAILURE() << "a transaction with a NOTIFY was prepared";
  } catch (const pqxx::sql_error& error) {
    EXPECT_EQ(error.sqlstate(), "0A000") << error.what();
  }
  EXPECT_EQ(scalar("SELECT count(*) FROM annals.outbox"), "1") << "it was rolled back";
}

TEST_F(OutboxBell, IsSilentWhileNobodyWaits) {
  EXPECT_EQ(rings(false, false), 0);
  EXPECT_EQ(rings(false, true), 0);
}

}  // namespace
}  // namespace annals::tests
