#include "log/table_source.hpp"

#include <gmock/gmock.h>
#include <poll.h>

#include "annals/eventstore/event_store.hpp"
#include "annals/eventstore/message_log.hpp"
#include "annals/outbox/message_log.hpp"
#include "annals/outbox/outbox.hpp"
#include "annals/postgres/cluster_identity.hpp"
#include "annals/postgres/connection.hpp"
#include "annals/postgres/pqxx_compat.hpp"
#include "annals/testing/message_source_contract.hpp"
#include "log/table_cursor.hpp"
#include "support/temp_database.hpp"

namespace annals::testing {
namespace {

/// One of the two logs of a database of its own.
class TableSourceHarness : public MessageSourceHarness {
 public:
  explicit TableSourceHarness(postgres::MessageLog log) : log_(std::move(log)) {}

  void write(const std::string& payload) override {
    pqxx::work tx{*writer_};
    insert(tx, payload);
    tx.commit();
  }
  void write_open(const std::string& payload) override {
    open_.emplace(*other_);
    insert(*open_, payload);
  }
  void end_open(bool commit) override {
    if (commit) open_->commit();
    open_.reset();
  }
  std::unique_ptr<outbox::MessageSource> make_source(std::size_t batch_max) override {
    session_ = std::make_unique<postgres::Connection>(database_.as("relay"));
    return std::make_unique<outbox::TableSource>(
        *session_, clock_, log_,
        outbox::TableSource::Options{
            .relay = "contract", .rows_max = batch_max, .poll_interval = std::chrono::milliseconds{20}});
  }
  /// What a restored copy would hold: the same positions, other messages.
  void change_history() override {
    postgres::Connection{database_.superuser()}.execute("SET session_replication_role = replica; ALTER TABLE " +
                                                        log_.relation + " DISABLE TRIGGER USER; UPDATE " +
                                                        log_.relation + " SET " + log_.id + " = gen_random_uuid()");
  }

 protected:
  virtual void insert(pqxx::work& tx, const std::string& payload) = 0;
  tests::TempDatabase database_;

 private:
  SystemClock clock_;
  postgres::MessageLog log_;
  std::unique_ptr<pqxx::connection> writer_ = postgres::open_pqxx(database_.as("writer"));
  std::unique_ptr<pqxx::connection> other_ = postgres::open_pqxx(database_.as("writer"));
  std::optional<pqxx::work> open_;
  std::unique_ptr<postgres::Connection> session_;
};

class OutboxHarness final : public TableSourceHarness {
 public:
  OutboxHarness() : TableSourceHarness(outbox::message_log("annals")) {}
  void insert(pqxx::work& tx, const std::string& payload) override {
    outbox_.enqueue(tx, outbox::Message{.topic = "t", .key = "k", .type = "t", .payload = payload});
  }

 private:
  outbox::Outbox outbox_{database_.as("writer")};
};

class EventsHarness final : public TableSourceHarness {
 public:
  EventsHarness() : TableSourceHarness(eventstore::message_log("annals")) {}
  void insert(pqxx::work& tx, const std::string& payload) override {
    // A stream each: a writer of a stream would wait for the one that is open.
    (void)events_.append(tx, StreamName{"order-" + payload}, ExpectedVersion::any(),
                         {NewEvent{.type = "t", .data = payload}});
  }

 private:
  eventstore::EventStore events_{database_.as("writer")};
};

INSTANTIATE_TEST_SUITE_P(
    Table, MessageSourceContract,
    ::testing::Values(MessageSourceAdapter{"outbox", [] { return std::make_unique<OutboxHarness>(); },
                                           std::chrono::seconds{30}, MessageSourceAdapter::Order::commits},
                      MessageSourceAdapter{"events", [] { return std::make_unique<EventsHarness>(); },
                                           std::chrono::seconds{30}, MessageSourceAdapter::Order::commits}),
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
