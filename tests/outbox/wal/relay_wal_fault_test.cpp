// A server of its own, which is restarted under a relay that mines its log, or kept waiting by it.
#include <gmock/gmock.h>

#include <atomic>
#include <optional>
#include <set>
#include <stop_token>
#include <string_view>
#include <thread>

#include "annals/core/clock.hpp"
#include "annals/core/error.hpp"
#include "annals/outbox/message_log.hpp"
#include "annals/outbox/outbox.hpp"
#include "annals/outbox/relay.hpp"
#include "annals/postgres/connection.hpp"
#include "annals/postgres/pqxx_compat.hpp"
#include "recording_sink.hpp"
#include "support/error_of.hpp"
#include "support/private_stack.hpp"
#include "support/server_version.hpp"
#include "support/temp_database.hpp"

namespace annals::tests {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;

class RelayWalFault : public ::testing::Test {
 protected:
  RelayWalFault() { skip_unless_mined(database_); }
  void enqueue(int first, int count) {
    const outbox::Outbox outbox{database_.as("writer")};
    const auto writer = postgres::open_pqxx(database_.as("writer"));
    pqxx::work tx{*writer};
    for (int i = first; i < first + count; ++i) {
      outbox.enqueue(tx, outbox::Message{.topic = "orders", .key = "k", .type = "t", .payload = std::to_string(i)});
    }
    tx.commit();
  }
  outbox::Relay relay(outbox::Sink& sink, outbox::RelayOptions options = {}) {
    options.read_from = outbox::ReadFrom::wal;
    options.standby_poll = 20ms;
    return {database_.as("wal_relay"), outbox::message_log("annals"), sink, clock_, std::move(options)};
  }
  /// From the log when it can be, and from the table.
  outbox::Relay automatic(outbox::Sink& sink) {
    outbox::RelayOptions options{.standby_poll = 20ms};
    options.read_from = outbox::ReadFrom::automatic;
    options.log_retry = 10ms;
    return {database_.as("wal_relay"), outbox::message_log("annals"), sink, clock_, std::move(options)};
  }
  /// What a relay throws that runs for a minute at most.
  std::optional<Error> error_of_run() {
    RecordingSink sink;
    try {
      auto failing = relay(sink);
      for (const auto until = clock_.steady() + 60s; clock_.steady() < until;) (void)failing.step(20ms);
    } catch (const Error& error) {
      return error;
    }
    return std::nullopt;
  }
  /// What a relay of the changes of a table throws before it is idle.
  std::optional<Error> error_of_changes() {
    RecordingSink sink;
    const outbox::RelayOptions options{.captures = {{.table = "public.items", .topic = "t"}},
                                       .read_from = outbox::ReadFrom::wal};
    try {
      outbox::Relay changes{database_.as("wal_relay"), outbox::change_log("annals"), sink, clock_, options};
      while (changes.step(20ms).state != outbox::StepReport::State::idle) {
      }
    } catch (const Error& error) {
      return error;
    }
    return std::nullopt;
  }
  std::string scalar(const std::string& sql) {
    return postgres::Connection{database_.superuser()}.query("SELECT (" + sql + ")::text").text(0, 0);
  }
  void execute(const std::string& sql) { postgres::Connection{database_.superuser()}.execute(sql); }
  void keep_little() {
    execute("ALTER SYSTEM SET max_slot_wal_keep_size = '16MB'");
    execute("ALTER SYSTEM SET min_wal_size = '32MB'");
    execute("ALTER SYSTEM SET max_wal_size = '32MB'");
    server_.restart("fast");
  }
  /// Writes until the server has taken the log away from the slot.
  void lose_slot() {
    execute("CREATE TABLE IF NOT EXISTS public.noise (x text)");
    for (int i = 0; i < 60 && scalar("SELECT max(wal_status) FROM pg_replication_slots") != "lost"; ++i) {
      execute("INSERT INTO public.noise SELECT repeat('x', 1000) FROM generate_series(1, 10000)");
      execute("CHECKPOINT");
    }
  }
  /// With new relays after what passes, until `count` messages are there.
  void publish(RecordingSink& sink, std::size_t count) {
    const auto deadline = clock_.steady() + 60s;
    while (clock_.steady() < deadline && distinct(sink) < count) {
      try {
        auto next = relay(sink);
        while (clock_.steady() < deadline && distinct(sink) < count) (void)next.step(20ms);
        (void)next.drain(5s);
      } catch (const Error& error) {
        ASSERT_TRUE(error.retryable()) << error.what();
        clock_.sleep_for(50ms);
      }
    }
  }
  static std::size_t distinct(const RecordingSink& sink) {
    std::set<std::string> payloads;
    for (const auto& message : sink.received) payloads.insert(message.payload);
    return payloads.size();
  }
  /// First occurrences in order, and nothing missing.
  static void expect_all(const RecordingSink& sink, int count) {
    int next = 0;
    for (const auto& message : sink.received) {
      const auto number = std::stoi(message.payload);
      ASSERT_LE(number, next) << "came before " << next;
      if (number == next) ++next;
    }
    EXPECT_EQ(next, count);
  }

  PrivateStack server_{"postgres"};
  TempDatabase database_{server_.address(), TempDatabase::Schema::applied};
  SystemClock clock_;
};

TEST_F(RelayWalFault, LosesNothingWhenTheServerIsKilled) {
  RecordingSink sink;
  enqueue(0, 100);
  publish(sink, 100);
  for (int written = 100; written < 400; written += 100) {
    enqueue(written, 100);
    server_.kill();
    server_.start();
    publish(sink, static_cast<std::size_t>(written) + 100);
  }
  expect_all(sink, 400);
}

/// The server stops with a relay attached, as it does with any client.
TEST_F(RelayWalFault, LetsTheServerStop) {
  RecordingSink sink;
  {
    auto attached = relay(sink);
    enqueue(0, 10);
    while (sink.received.size() < 10) (void)attached.step(20ms);
    server_.restart("fast");
  }
  enqueue(10, 10);
  publish(sink, 20);
  expect_all(sink, 20);
}

/// The other side is away for longer than the server waits for a client that says nothing.
TEST_F(RelayWalFault, KeepsItsStreamWhileTheSinkIsAway) {
  postgres::Connection{database_.superuser()}.execute("ALTER SYSTEM SET wal_sender_timeout = '2s'");
  postgres::Connection{database_.superuser()}.execute("SELECT pg_reload_conf()");
  RecordingSink sink;
  auto attached = relay(sink);
  while (attached.step(20ms).state != outbox::StepReport::State::idle) {
  }
  const auto walsender = [&] {
    return postgres::Connection{database_.superuser()}
        .query("SELECT coalesce(max(active_pid), 0)::int FROM pg_replication_slots")
        .integer(0, 0);
  };
  const auto pid = walsender();
  ASSERT_GT(pid, 0);
  sink.options().stalled = true;
  for (int i = 0; i < 30; ++i) {
    enqueue(1'000 * i, 1'000);
    (void)attached.step(1ms);
  }
  const auto until = clock_.steady() + 6s;
  while (clock_.steady() < until) (void)attached.step(100ms);
  EXPECT_EQ(walsender(), pid) << "the server ended the stream";
  sink.options().stalled = false;
  while (distinct(sink) < 30'000) (void)attached.step(20ms);
  expect_all(sink, 30'000);
}

/// Its remedy is what the next lines do.
TEST_F(RelayWalFault, SaysThatTheLogHasTooLittle) {
  execute("ALTER SYSTEM SET wal_level = 'replica'");
  server_.restart("fast");
  const auto error = error_of_run();
  ASSERT_TRUE(error.has_value());
  EXPECT_EQ(error->kind(), ErrorKind::not_ready);
  EXPECT_THAT(error->what(), HasSubstr("wal_level is replica"));
  EXPECT_THAT(error->hint(), HasSubstr("set wal_level = logical in postgresql.conf and restart the server"));
  execute("ALTER SYSTEM SET wal_level = 'logical'");
  server_.restart("fast");
  RecordingSink sink;
  enqueue(0, 10);
  publish(sink, 10);
  expect_all(sink, 10);
}

/// The relay's own slot is one, the mark with which it mines a backlog another: without the second it streams.
TEST_F(RelayWalFault, SaysThatNoSlotIsFreeAndDoesWithoutASecondOne) {
  execute("ALTER SYSTEM SET max_replication_slots = 1");
  server_.restart("fast");
  execute("SELECT pg_create_logical_replication_slot('another', 'pgoutput')");
  const auto error = error_of_run();
  ASSERT_TRUE(error.has_value());
  EXPECT_EQ(error->kind(), ErrorKind::overloaded);
  EXPECT_THAT(error->what(), HasSubstr("all replication slots are in use"));
  EXPECT_THAT(error->hint(), HasSubstr("drop a slot that nobody needs"));
  execute("SELECT pg_drop_replication_slot('another')");
  RecordingSink sink;
  enqueue(0, 10);
  publish(sink, 10);
  enqueue(10, 1'000);
  auto mining = relay(sink, {.mine_from_bytes = 1});
  while (sink.received.size() < 1'010) (void)mining.step(20ms);
  expect_all(sink, 1'010);
}

/// The server takes the log away from a relay that is too far behind. Nothing is lost: the table has it.
TEST_F(RelayWalFault, LosesNothingWhenItsSlotIsInvalidated) {
  keep_little();
  RecordingSink sink;
  {
    auto first = relay(sink);
    enqueue(0, 10);
    while (sink.received.size() < 10) (void)first.step(20ms);
    ASSERT_TRUE(first.drain(5s));
  }
  execute("CREATE TABLE public.items (id int PRIMARY KEY); CREATE PUBLICATION annals_changes FOR TABLE public.items");
  EXPECT_EQ(error_of_changes(), std::nullopt);
  enqueue(10, 1'000);
  lose_slot();
  const auto of_changes = error_of_changes();
  ASSERT_TRUE(of_changes.has_value());
  EXPECT_EQ(of_changes->kind(), ErrorKind::corrupt) << "no table has it: waiting is of no use";
  EXPECT_THAT(of_changes->hint(),
              AllOf(HasSubstr("SELECT pg_drop_replication_slot("), HasSubstr("annals relay forget")));
  enqueue(1'010, 1'000);
  const auto error = error_of_run();
  ASSERT_TRUE(error.has_value());
  EXPECT_EQ(error->kind(), ErrorKind::not_ready);
  EXPECT_THAT(error->what(), HasSubstr("is lost"));
  const auto hint = error->hint();
  const std::string_view remedy = "SELECT pg_drop_replication_slot(";
  const auto at = hint.find(remedy);
  ASSERT_NE(at, std::string::npos) << hint;
  execute(hint.substr(at, hint.find(')', at) + 1 - at));
  publish(sink, 2'010);
  expect_all(sink, 2'010);
}

/// With messages written all the while, and none taken: the relay that may read the table goes on there, and later in the log of a new slot.
TEST_F(RelayWalFault, GoesOnInTheTableWhenItsSlotIsInvalidatedUnderLoad) {
  keep_little();
  RecordingSink sink;
  auto relay = automatic(sink);
  const auto deadline = clock_.steady() + 60s;
  const auto step_until = [&](const auto& done) {
    auto report = relay.step(5ms);
    while (!done(report) && clock_.steady() < deadline) report = relay.step(5ms);
    EXPECT_TRUE(done(report));
  };
  std::atomic<int> written{0};
  {
    std::jthread writer{[&](const std::stop_token& stop) {
      for (; !stop.stop_requested(); written += 10) enqueue(written, 10);
    }};
    step_until([&](const auto& report) { return report.read_from == outbox::ReadFrom::wal && distinct(sink) > 100; });
    sink.options().stalled = true;
    std::jthread noise{[&] { lose_slot(); }};
    step_until([&](const auto& report) { return report.read_from == outbox::ReadFrom::table; });
    noise.join();
    sink.options().stalled = false;
    step_until([&](const auto& report) { return report.read_from == outbox::ReadFrom::wal; });
  }
  step_until([&](const auto&) { return distinct(sink) == static_cast<std::size_t>(written); });
  expect_all(sink, written);
  EXPECT_EQ(sink.received.size(), static_cast<std::size_t>(written)) << "in one run nothing is repeated";
}

/// A commit stands in the log, and until a standby has it nobody sees it.
class RelayWalUnseen : public RelayWalFault {
 protected:
  RelayWalUnseen() { execute("ALTER DATABASE " + scalar("current_database()") + " SET synchronous_commit = local"); }
  ~RelayWalUnseen() override { release(); }

  /// Writes one after the other until a commit waits.
  void hold_a_commit(int first) {
    execute("ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
    execute("SELECT pg_reload_conf()");
    writer_ = std::jthread{[this, first](const std::stop_token& stop) {
      for (written_ = first; !stop.stop_requested(); ++written_) write(written_);
    }};
    const auto until = clock_.steady() + 60s;
    while (scalar("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'") == "0") {
      ASSERT_LT(clock_.steady(), until);
    }
  }
  void release() {
    writer_.request_stop();
    execute("ALTER SYSTEM RESET synchronous_standby_names");
    execute("SELECT pg_reload_conf()");
    if (writer_.joinable()) writer_.join();
  }
  std::jthread release_after(std::chrono::milliseconds pause) {
    writer_.request_stop();
    return std::jthread{[this, pause] {
      clock_.sleep_for(pause);
      release();
    }};
  }
  static void step_until(outbox::Relay& relay, const std::function<bool(const outbox::StepReport&)>& done) {
    const auto until = std::chrono::steady_clock::now() + 60s;
    while (!done(relay.step(5ms))) ASSERT_LT(std::chrono::steady_clock::now(), until);
  }
  /// Everything up to the one that is held, which the table does not show.
  void publish_what_is_held(outbox::Relay& relay, const RecordingSink& sink) {
    step_until(relay, [&](const auto&) { return distinct(sink) == static_cast<std::size_t>(written_) + 1; });
    EXPECT_EQ(scalar("SELECT count(*) FROM annals.outbox"), std::to_string(written_));
  }

  /// As soon as the log has given what is held.
  void take_its_log_away(outbox::Relay& relay, const RecordingSink& sink) {
    step_until(relay, [](const auto& report) { return report.read_from == outbox::ReadFrom::wal; });
    hold_a_commit(0);
    publish_what_is_held(relay, sink);
    execute("SELECT pg_terminate_backend(pid) FROM pg_stat_replication");
  }

  std::atomic<int> written_{0};
  std::atomic<std::int64_t> position_{0};  // of the last one

 private:
  void write(int number) {
    const auto writer = postgres::open_pqxx(database_.as("writer"));
    pqxx::work tx{*writer};
    tx.exec("SET LOCAL synchronous_commit = on");
    position_ = outbox::Outbox{database_.as("writer")}.enqueue(
        tx, outbox::Message{.topic = "orders", .key = "k", .type = "t", .payload = std::to_string(number)});
    tx.commit();
  }

  std::jthread writer_;
};

TEST_F(RelayWalUnseen, GoesOnInTheTable) {
  RecordingSink sink;
  auto relay = automatic(sink);
  take_its_log_away(relay, sink);
  const auto released = release_after(300ms);
  step_until(relay, [](const auto& report) { return report.read_from == outbox::ReadFrom::table; });
  step_until(relay, [](const auto& report) { return report.read_from == outbox::ReadFrom::wal; });
  expect_all(sink, written_);
  EXPECT_EQ(sink.received.size(), static_cast<std::size_t>(written_));
}

/// Where that takes long the run ends, and is not told that its message is missing; the next one goes on when it is over.
TEST_F(RelayWalUnseen, SaysSo) {
  RecordingSink sink;
  {
    auto relay = automatic(sink);
    take_its_log_away(relay, sink);
    const auto released = release_after(3s);
    const auto error = error_of([&] { step_until(relay, [](const auto&) { return false; }); });
    EXPECT_EQ(error.kind(), ErrorKind::overloaded) << error.what();
    EXPECT_TRUE(error.retryable());
    EXPECT_THAT(error.what(), HasSubstr("a transaction that is still open"));
    EXPECT_THAT(error.hint(), HasSubstr("wait until it has ended"));
  }
  auto next = automatic(sink);
  step_until(next, [&](const auto& report) {
    return report.state == outbox::StepReport::State::idle && report.read_from == outbox::ReadFrom::wal;
  });
  expect_all(sink, written_);
}

/// One that is refused is looked up, to be set aside.
TEST_F(RelayWalUnseen, IsSetAside) {
  RecordingSink sink;
  auto parking = relay(sink, {.on_poison = {{.topics = "*", .policy = outbox::PoisonPolicy::park}}});
  step_until(parking, [](const auto& report) { return report.state == outbox::StepReport::State::idle; });
  hold_a_commit(0);
  sink.options().undeliverable = {position_};
  const auto released = release_after(300ms);
  const auto error = error_of([&] { step_until(parking, [](const auto&) { return false; }); });
  EXPECT_THAT(error.what(), HasSubstr("1 messages of outbox were refused and are set aside"));
  EXPECT_EQ(scalar("SELECT count(*) FROM annals.relay_parked"), "1");
}

}  // namespace
}  // namespace annals::tests
