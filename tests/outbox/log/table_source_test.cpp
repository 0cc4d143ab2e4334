#include "log/table_source.hpp"

#include <gmock/gmock.h>
#include <poll.h>

#include "annals/outbox/message_log.hpp"
#include "annals/outbox/outbox.hpp"
#include "annals/postgres/cluster_identity.hpp"
#include "annals/postgres/connection.hpp"
#include "annals/postgres/pqxx_compat.hpp"
#include "log/table_cursor.hpp"
#include "log_harness.hpp"
#include "own_harness.hpp"
#include "support/temp_database.hpp"

namespace annals::testing {
namespace {

std::unique_ptr<outbox::MessageSource> table_source(postgres::Connection& session, Clock& clock,
                                                    const postgres::MessageLog& log, std::size_t batch_max) {
  return std::make_unique<outbox::TableSource>(
      session, clock, log,
      outbox::TableSource::Options{
          .relay = "contract", .rows_max = batch_max, .poll_interval = std::chrono::milliseconds{20}});
}

template <class Harness>
MessageSourceAdapter adapter(const char* name) {
  return {.name = name,
          .make = [] { return std::make_unique<Harness>("relay", table_source); },
          .order = MessageSourceAdapter::Order::commits};
}

INSTANTIATE_TEST_SUITE_P(Table, MessageSourceContract,
                         ::testing::Values(adapter<tests::OutboxHarness>("outbox"),
                                           adapter<tests::EventsHarness>("events"), adapter<tests::OwnHarness>("own")),
                         [](const auto& adapter) { return adapter.param.name; });

/// Whoever waits for a transaction in the way does not wait for the bell; what rings meanwhile must not pile up.
TEST(TableSourceWaiting, TakesWhatRingsWhileItIsBlocked) {
  tests::TempDatabase database;
  const outbox::Outbox outbox{database.as("writer")};
  const auto message = outbox::Message{.topic = "t", .key = "k", .type = "t", .payload = "p"};
  const auto writer = postgres::open_pqxx(database.as("writer"));
  const auto slow = postgres::open_pqxx(database.as("writer"));
  pqxx::work open{*slow};
  outbox.enqueue(open, message);
  pqxx::work tx{*writer};
  outbox.enqueue(tx, message);
  tx.commit();
  SystemClock clock;
  postgres::Connection session{database.as("relay")};
  const auto log = outbox::message_log("annals");
  outbox::TableSource source{session, clock, log, {.relay = "relay"}};
  source.start(source.first({}, std::chrono::milliseconds{0}));
  ASSERT_EQ(source.read(), outbox::MessageSource::State::blocked);
  postgres::Connection stranger{database.database()};
  stranger.execute("NOTIFY annals_annals_outbox, 'a'");
  (void)source.wait(std::chrono::milliseconds{100});
  (void)session.query("SELECT pg_catalog.pg_sleep(0.05)");
  (void)source.wait(std::chrono::milliseconds{100});
  EXPECT_EQ(session.notifications(std::chrono::milliseconds{0}), 0);
}

/// While the other side has no room nobody reads: what rings must not wait in the server, whose queue is one for the cluster, nor
/// pile up here.
TEST(TableSourceWaiting, TakesWhatRingsWhileItRests) {
  tests::TempDatabase database;
  SystemClock clock;
  postgres::Connection session{database.as("relay")};
  outbox::TableSource source{session, clock, outbox::message_log("annals"), {.relay = "relay"}};
  source.start(source.first({}, std::chrono::milliseconds{0}));
  (void)source.read();
  postgres::Connection stranger{database.database()};
  for (int i = 0; i < 100; ++i) stranger.execute("NOTIFY annals_annals_outbox, '" + std::to_string(i) + "'");
  // Waited for in the socket: rest() itself waits for nothing.
  pollfd arrival{.fd = session.socket(), .events = POLLIN, .revents = 0};
  ASSERT_EQ(::poll(&arrival, 1, 10'000), 1);
  source.rest();
  (void)session.query("SELECT 1");  // the server hands over what it still had
  source.rest();
  EXPECT_EQ(session.notifications(std::chrono::milliseconds{0}), 0);
}

/// What a cursor of the log had to forget would be published again; where nothing may be, that is an error and not a repetition.
TEST(TableSourceStart, RepeatsOnlyWhereItMay) {
  tests::TempDatabase database;
  SystemClock clock;
  postgres::Connection session{database.as("relay")};
  const auto cluster = postgres::read_cluster_identity(session);
  const outbox::Cursor cursor{"wal/1 " + cluster.system_identifier + " " + cluster.timeline +
                              " 0/0 0/0 0 0 0 - 3+0,~99"};
  const auto log = outbox::message_log("annals");
  outbox::TableSource exact{session, clock, log, {.relay = "relay", .may_repeat = false}};
  try {
    exact.start(cursor);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::invalid);
    EXPECT_THAT(error.hint(), ::testing::HasSubstr("until it is idle"));
  }
  outbox::TableSource lenient{session, clock, log, {.relay = "relay"}};
  EXPECT_NO_THROW(lenient.start(cursor));
}

/// The position of the message that a checkpoint stands on may have been given out again after a crash of the server.
TEST(TableSourceStart, RecognisesItsHistoryByTheLastMessageAboveTheHolesToo) {
  tests::TempDatabase database;
  SystemClock clock;
  postgres::Connection session{database.as("relay")};
  const auto log = outbox::message_log("annals");
  const auto writer = postgres::open_pqxx(database.as("writer"));
  const outbox::Outbox outbox{database.as("writer")};
  {
    pqxx::work tx{*writer};
    for (int i = 0; i < 3; ++i) outbox.enqueue(tx, {.topic = "t", .key = "k", .type = "t", .payload = "p"});
    tx.commit();
  }
  outbox::Progress published;
  published.add({.position = 3, .id = EventId::generate()});
  const auto cursor =
      outbox::TableCursor{.cluster = postgres::read_cluster_identity(session), .published = published}.encode();
  outbox::TableSource source{session, clock, log, {.relay = "relay"}};
  try {
    source.start(cursor);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::corrupt);
    EXPECT_THAT(error.what(), ::testing::HasSubstr("that position holds message"));
  }
}

}  // namespace
}  // namespace annals::testing
