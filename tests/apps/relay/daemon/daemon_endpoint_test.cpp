#include <gmock/gmock.h>
#include <sys/resource.h>

#include <algorithm>
#include <deque>
#include <set>
#include <sstream>

#include "annals/postgres/connection.hpp"
#include "annals/postgres/ownership.hpp"
#include "daemon_test.hpp"

namespace annals::tests {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;

class RelayDaemonEndpoint : public RelayDaemonTest {
 protected:
  void SetUp() override {
    relay_ = start({"--sink", "stdout"});
    ASSERT_TRUE(eventually([&] { return relay_->ready(); })) << relay_->err();
  }
  std::unique_ptr<RelayProcess> relay_;
};

TEST_F(RelayDaemonEndpoint, AnswersProbes) {
  EXPECT_EQ(relay_->get("/livez").status, 200);
  EXPECT_EQ(relay_->get("/readyz").status, 200);
  EXPECT_THAT(relay_->get("/readyz").body, HasSubstr("outbox: "));
  EXPECT_EQ(relay_->get("/").status, 404);
}

TEST_F(RelayDaemonEndpoint, TellsNamesOfHostsAndUsersToThisMachineOnly) {
  const auto told = [](std::vector<std::string> listen) {
    listen.insert(listen.end(), {"--sink", "stdout"});
    const RelayProcess relay{listen, {{"ANNALS_DATABASE", "host=127.0.0.1 port=1 user=somebody dbname=shop"}}};
    std::string body;
    EXPECT_TRUE(eventually([&] {
      body = relay.get("/readyz").body;
      return body.find("retrying") != std::string::npos;
    })) << body
        << relay.err();
    return body;
  };
  EXPECT_THAT(told({"--listen", "127.0.0.1:0"}), HasSubstr("127.0.0.1"));
  EXPECT_THAT(told({"--listen", "0.0.0.0:0", "--allow-remote", "true"}),
              MatchesRegex("outbox: retrying, not ready: disconnected: see the log\n"));
}

TEST_F(RelayDaemonEndpoint, SpeaksPrometheusTextFormat) {
  const auto answer = relay_->get("/metrics");
  EXPECT_EQ(answer.status, 200);
  EXPECT_THAT(answer.content_type, HasSubstr("text/plain; version=0.0.4"));
  const auto sample = R"re([a-z_]+(\{[a-z_]+="[^"]*"(,[a-z_]+="[^"]*")*\})? [-+0-9.eInf]+)re";
  std::set<std::string> typed;
  std::istringstream in{answer.body};
  for (std::string line; std::getline(in, line);) {
    if (line.rfind("# TYPE ", 0) == 0) {
      EXPECT_TRUE(typed.insert(line.substr(7, line.find(' ', 7) - 7)).second) << line;
    } else if (line.rfind('#', 0) != 0) {
      EXPECT_THAT(line, MatchesRegex(sample));
    }
  }
  for (const char* name :
       {"annals_relay_messages_read_total", "annals_relay_messages_delivered_total", "annals_relay_in_flight_messages",
        "annals_relay_acknowledged_position", "annals_relay_checkpoint_position", "annals_relay_state",
        "annals_relay_blocked_seconds_total", "annals_relay_blocker_age_seconds", "annals_relay_step_duration_seconds",
        "annals_relay_restarts_total", "annals_relay_circuit_open", "annals_relay_build_info",
        "process_resident_memory_bytes", "process_cpu_seconds_total", "process_open_fds"}) {
    EXPECT_TRUE(typed.contains(name)) << name;
  }
}

TEST_F(RelayDaemonEndpoint, CountsWhatItPublishes) {
  enqueue("orders", 0, 25);
  ASSERT_TRUE(eventually([&] {
    return relay_->metric("annals_relay_messages_delivered_total{source=\"outbox\"}") == 25.0 &&
           relay_->metric("annals_relay_checkpoint_position{source=\"outbox\"}") == 25.0;
  })) << relay_->get("/metrics").body;
  EXPECT_EQ(relay_->metric("annals_relay_messages_read_total{source=\"outbox\"}"), 25.0);
  EXPECT_GE(relay_->metric("annals_relay_batches_total{source=\"outbox\"}").value_or(0), 1.0);
  EXPECT_GT(relay_->metric("annals_relay_delivered_bytes_total{source=\"outbox\"}").value_or(0), 25.0);
  EXPECT_EQ(relay_->metric("annals_relay_in_flight_messages{source=\"outbox\"}"), 0.0);
  EXPECT_TRUE(eventually([&] { return relay_->metric("annals_relay_lag_messages{source=\"outbox\"}") == 0.0; }));
  EXPECT_TRUE(
      eventually([&] { return relay_->metric("annals_relay_state{source=\"outbox\",state=\"idle\"}") == 1.0; }));
}

TEST_F(RelayDaemonEndpoint, MaintainsTheOutboxAndShowsWhatHoldsIt) {
  execute("UPDATE annals.outbox_retention SET retain = '0', partition_rows = 25");
  const std::string overdue = "annals_relay_retention_overdue_seconds{holder=\"old\",source=\"outbox\"}";
  enqueue("orders", 0, 25);
  execute(
      "INSERT INTO annals.relay_checkpoints (relay, log, position, message_id, system_identifier, timeline) "
      "SELECT 'old', 'outbox', position, message_id, '1', '1' FROM annals.outbox WHERE position = 1");
  const auto attached = [&] { return scalar("SELECT to_regclass('annals.outbox_p3') IS NOT NULL") == "true"; };
  ASSERT_TRUE(eventually(attached)) << relay_->err();
  enqueue("orders", 25, 1);
  EXPECT_TRUE(eventually([&] { return relay_->metric(overdue).value_or(0) > 0; })) << relay_->get("/metrics").body;
  EXPECT_GT(relay_->metric("annals_relay_outbox_bytes{source=\"outbox\"}").value_or(0), 0);
  execute("DELETE FROM annals.relay_checkpoints WHERE relay = 'old'");
  EXPECT_TRUE(eventually([&] { return scalar("SELECT to_regclass('annals.outbox_p0') IS NULL") == "true"; }));
  EXPECT_TRUE(eventually(
      [&] { return relay_->metric("annals_relay_retention_overdue_seconds{holder=\"-\",source=\"outbox\"}") == 0.0; }));
}

TEST_F(RelayDaemonEndpoint, ShowsABlockingTransaction) {
  pqxx::work open{*writer_};
  outbox_.enqueue(open, outbox::Message{.topic = "orders", .key = "a", .type = "t", .payload = "1"});
  auto other = postgres::open_pqxx(database_.as("writer"));
  pqxx::work committed{*other};
  outbox_.enqueue(committed, outbox::Message{.topic = "orders", .key = "b", .type = "t", .payload = "2"});
  committed.commit();
  ASSERT_TRUE(
      eventually([&] { return relay_->metric("annals_relay_state{source=\"outbox\",state=\"blocked\"}") == 1.0; }));
  EXPECT_TRUE(eventually(
      [&] { return relay_->metric("annals_relay_blocker_age_seconds{source=\"outbox\"}").value_or(0) > 0; }));
  EXPECT_TRUE(relay_->ready()) << "blocked is not broken";
  open.commit();
  EXPECT_TRUE(eventually([&] { return relay_->out_lines().size() == 2; }));
}

TEST_F(RelayDaemonEndpoint, SaysHowToEndWhatItWaitsFor) {
  if (scalar("SELECT current_setting('max_prepared_transactions')") == "0") {
    GTEST_SKIP() << "max_prepared_transactions = 0 on this server";
  }
  execute(
      "BEGIN; LOCK TABLE annals.outbox IN ROW EXCLUSIVE MODE; SELECT nextval('annals.outbox_position_seq'); PREPARE "
      "TRANSACTION 'left behind'");
  enqueue("orders", 0, 1);
  EXPECT_TRUE(eventually([&] { return relay_->has_logged("waits for an open transaction"); })) << relay_->err();
  for (const char* said : {"gid=\"left behind\"", "role=annals ", "ROLLBACK PREPARED 'left behind'"}) {
    EXPECT_TRUE(relay_->has_logged(said)) << said << "\n" << relay_->err();
  }
  EXPECT_THAT(relay_->err(), testing::ContainsRegex("open=\"for [0-9]+ s\" waited_s=[0-9]+ "));
  EXPECT_FALSE(relay_->has_logged("pg_terminate_backend"));
  execute("ROLLBACK PREPARED 'left behind'");
  EXPECT_TRUE(eventually([&] { return relay_->out_lines().size() == 1; }));
}

TEST_F(RelayDaemonEndpoint, RefusesForeignHostsAndOtherMethods) {
  EXPECT_EQ(relay_->get("/metrics", "evil.example").status, 403);
  EXPECT_EQ(relay_->get("/metrics", "localhost.evil.example:9464").status, 403);
  for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS", "HEAD", "PATCH"}) {
    EXPECT_EQ(relay_->get("/metrics", "localhost", method).status, 405) << method;
  }
}

TEST_F(RelayDaemonEndpoint, RefusesLongRequests) {
  EXPECT_EQ(relay_->get("/" + std::string(9000, 'x')).status, 414);
  EXPECT_NE(relay_->get("/livez", std::string(20'000, 'x')).status, 200);
  EXPECT_EQ(relay_->get("/livez").status, 200);
}

TEST_F(RelayDaemonEndpoint, IsNotReadyWhileAStrangerHoldsTheLock) {
  enqueue("orders", 0, 1);
  ASSERT_TRUE(eventually([&] { return relay_->metric("annals_relay_checkpoint_position{source=\"outbox\"}") == 1.0; }))
      << relay_->err();
  const auto keys = scalar(
      "SELECT string_agg(((classid::bigint << 32) | objid::bigint)::text, ',') FROM pg_locks WHERE locktype = "
      "'advisory' "
      "AND granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())");
  relay_->signal(SIGTERM);
  ASSERT_EQ(relay_->wait_for_exit(), 0);
  auto database = database_.database();
  database.application_name = "stranger";
  postgres::Connection stranger{database};
  stranger.execute("SELECT pg_advisory_lock(key) FROM unnest(ARRAY[" + keys + "]::bigint[]) AS k (key)");
  relay_ = start({"--sink", "stdout"});
  EXPECT_TRUE(eventually([&] {
    const auto answer = relay_->get("/readyz");
    return answer.status == 503 && answer.body.find("(stranger), which is not annals-relay") != std::string::npos;
  })) << relay_->get("/readyz").body;
  const auto fault = [&] { return relay_->metric("annals_relay_standby_fault{source=\"outbox\"}"); };
  EXPECT_TRUE(eventually([&] { return fault() == 1.0; }));
  stranger.execute("SELECT pg_advisory_unlock_all()");
  EXPECT_TRUE(eventually([&] { return relay_->ready(); })) << relay_->get("/readyz").body;
  EXPECT_TRUE(eventually([&] { return fault() == 0.0; }));
}

TEST_F(RelayDaemonEndpoint, IsNotReadyWhileAStrangerUnderItsNameHoldsTheLockBeforeTheFirstCheckpoint) {
  relay_->signal(SIGTERM);
  ASSERT_EQ(relay_->wait_for_exit(), 0);
  execute("DELETE FROM annals.relay_checkpoints");
  auto database = database_.database();
  database.application_name = "annals-relay";
  postgres::Connection stranger{database};
  const auto name = postgres::ownership_name({"relay", "annals", "outbox", "relay"});
  stranger.query("SELECT pg_advisory_lock($1::bigint)", postgres::Params{}.bigint(postgres::ownership_key(name)));
  relay_ = start({"--sink", "stdout"});
  std::set<int> seen;
  EXPECT_TRUE(eventually([&] {
    const auto answer = relay_->get("/readyz");
    seen.insert(answer.status);
    return answer.body.find("(annals-relay), which has never published") != std::string::npos;
  })) << relay_->get("/readyz").body;
  EXPECT_FALSE(seen.contains(200)) << "not even before anybody has looked";
  stranger.execute("SELECT pg_advisory_unlock_all()");
  EXPECT_TRUE(eventually([&] { return relay_->ready(); })) << relay_->get("/readyz").body;
}

TEST_F(RelayDaemonEndpoint, LeavesTheRelayItsDescriptors) {
  // Few descriptors, so that a thousand idle connections would use them up.
  relay_.reset();
  rlimit own{};
  getrlimit(RLIMIT_NOFILE, &own);
  const rlimit few{.rlim_cur = 64, .rlim_max = own.rlim_max};
  setrlimit(RLIMIT_NOFILE, &few);
  relay_ = start({"--sink", "stdout"});
  const rlimit many{.rlim_cur = std::min<rlim_t>(own.rlim_max, 2048), .rlim_max = own.rlim_max};
  setrlimit(RLIMIT_NOFILE, &many);
  ASSERT_TRUE(eventually([&] { return relay_->ready(); })) << relay_->err();
  std::deque<RawClient> idle;
  for (int i = 0; i < 1000; ++i) idle.emplace_back(relay_->port());
  execute(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'annals-relay' AND "
      "datname = current_database()");
  enqueue("orders", 0, 3);
  EXPECT_TRUE(eventually([&] { return relay_->out_lines().size() == 3; })) << relay_->err();
  EXPECT_TRUE(eventually([&] { return relay_->ready(); })) << relay_->get("/readyz").body;
}

TEST_F(RelayDaemonEndpoint, SaysThatAThreadHangs) {
  relay_ = start({"--sink", "stdout"}, {{"ANNALS_RELAY_STALL_MS", "1000"}});
  ASSERT_TRUE(eventually([&] { return relay_->ready(); })) << relay_->err();
  EXPECT_EQ(relay_->get("/livez").status, 200);
  const auto administrator = postgres::open_pqxx(database_.superuser());
  pqxx::work lock{*administrator};
  lock.exec("LOCK TABLE annals.outbox IN ACCESS EXCLUSIVE MODE");
  EXPECT_TRUE(eventually([&] { return relay_->get("/livez").status == 503; })) << relay_->get("/livez").body;
  lock.abort();
  EXPECT_TRUE(eventually([&] { return relay_->get("/livez").status == 200; }));
}

}  // namespace
}  // namespace annals::tests
