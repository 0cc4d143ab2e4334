#include <gmock/gmock.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <stdexcept>

#include "daemon_test.hpp"
#include "support/output_of.hpp"
#include "support/sanitizer.hpp"

namespace annals::tests {
namespace {

using ::testing::HasSubstr;

/// What systemd would hear.
class NotifySocket {
 public:
  explicit NotifySocket(const std::string& path)
      : fd_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof(address.sun_path) - 1);
    if (bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) throw std::runtime_error{"bind"};
  }
  ~NotifySocket() { close(fd_); }
  NotifySocket(const NotifySocket&) = delete;
  NotifySocket& operator=(const NotifySocket&) = delete;

  bool heard(const std::string& word) {
    char buffer[256];
    for (ssize_t count = 0; (count = recv(fd_, buffer, sizeof buffer, 0)) > 0;) {
      heard_ += std::string(buffer, static_cast<std::size_t>(count)) + "\n";
    }
    return heard_.find(word + "\n") != std::string::npos;
  }

 private:
  int fd_;
  std::string heard_;
};

class RelayDaemonService : public RelayDaemonTest {};

TEST_F(RelayDaemonService, TellsSystemdThatItIsReadyAliveAndStopping) {
  NotifySocket systemd{folder_.path("notify")};
  const auto relay =
      start({"--sink", "stdout"}, {{"NOTIFY_SOCKET", folder_.path("notify")}, {"WATCHDOG_USEC", "200000"}});
  EXPECT_TRUE(eventually([&] { return systemd.heard("READY=1"); }));
  EXPECT_TRUE(eventually([&] { return systemd.heard("WATCHDOG=1"); }));
  EXPECT_FALSE(systemd.heard("STOPPING=1"));
  relay->signal(SIGTERM);
  EXPECT_EQ(relay->wait_for_exit(), 0);
  EXPECT_TRUE(systemd.heard("STOPPING=1"));
}

TEST_F(RelayDaemonService, ASecondSignalLeavesAtOnce) {
  const auto relay = start({"--sink", "stdout"});
  ASSERT_TRUE(eventually([&] { return relay->ready(); })) << relay->err();
  const auto administrator = postgres::open_pqxx(database_.superuser());
  pqxx::work lock{*administrator};
  lock.exec("LOCK TABLE annals.outbox, annals.relay_checkpoints IN ACCESS EXCLUSIVE MODE");
  ASSERT_TRUE(eventually([&] {
    return scalar(
               "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'annals-relay' AND "
               "datname = current_database() AND wait_event_type = 'Lock'") != "0";
  }));
  relay->signal(SIGTERM);
  ASSERT_TRUE(eventually([&] { return relay->has_logged("stopping"); }));
  relay->signal(SIGTERM);
  EXPECT_EQ(relay->wait_for_exit(std::chrono::seconds{3}), 128 + SIGTERM);
}

TEST_F(RelayDaemonService, LeavesAHungSourceAfterTheDrainTimeout) {
  const auto relay = start({"--sink", "stdout"}, {{"ANNALS_RELAY_DRAIN_TIMEOUT_MS", "100"}});
  ASSERT_TRUE(eventually([&] { return relay->ready(); })) << relay->err();
  const auto administrator = postgres::open_pqxx(database_.superuser());
  pqxx::work lock{*administrator};
  lock.exec("LOCK TABLE annals.outbox, annals.relay_checkpoints IN ACCESS EXCLUSIVE MODE");
  ASSERT_TRUE(eventually([&] {
    return scalar(
               "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'annals-relay' AND "
               "datname = current_database() AND wait_event_type = 'Lock'") != "0";
  }));
  relay->signal(SIGTERM);
  EXPECT_EQ(relay->wait_for_exit(std::chrono::seconds{15}), 8) << relay->err();
  EXPECT_THAT(relay->err(), HasSubstr("hangs"));
}

TEST_F(RelayDaemonService, WritesJsonLogsWhenAsked) {
  const auto relay = start({"--sink", "stdout", "--until-caught-up", "--log-format", "json"});
  ASSERT_EQ(relay->wait_for_exit(), 0);
  EXPECT_THAT(relay->err(), HasSubstr("\"message\":\"annals-relay starts\",\"version\":"));
}

// As systemctl reload does.
TEST_F(RelayDaemonService, TakesNewRateLimitsAtAHangup) {
  enqueue("orders", 0, 2'000);
  const auto limited = [&](const std::string& limit, const std::string& rest = {}) {
    return folder_.write("relay.toml", "[relay]\nsink = \"stdout\"\nrate_limits = [" + limit + "]\n" + rest);
  };
  const auto relay = start({"--config", limited("\"*=20\"")});
  const auto delivered = [&] {
    return relay->metric("annals_relay_messages_delivered_total{source=\"outbox\"}").value_or(0);
  };
  ASSERT_TRUE(eventually([&] { return delivered() >= 5; })) << relay->err();
  EXPECT_LT(delivered(), 1'000);
  EXPECT_GT(relay->metric("annals_relay_throttled_seconds_total{source=\"outbox\"}").value_or(0), 0);

  (void)limited("\"*=fast\"");
  relay->signal(SIGHUP);
  ASSERT_TRUE(eventually([&] { return relay->has_logged("not reloaded"); }));
  EXPECT_LT(delivered(), 1'000) << "what cannot be read changes nothing";

  (void)limited("", "standby_poll_ms = 77\n");
  relay->signal(SIGHUP);
  ASSERT_TRUE(eventually([&] { return delivered() == 2'000; })) << relay->err();
  EXPECT_TRUE(relay->has_logged("setting=relay.standby_poll_ms")) << relay->err();
  relay->signal(SIGTERM);
  EXPECT_EQ(relay->wait_for_exit(), 0);
}

/// Thrown on a thread of its own it ended the process with SIGABRT, and with it all its databases.
TEST_F(RelayDaemonService, SaysThatTheMachineGivesNoThread) {
  if (is_sanitized) GTEST_SKIP() << "it takes any amount of addresses";
  std::string said;
  // Where the program can be loaded, and one thread more cannot have its stack.
  for (int kilobytes = 40'000; kilobytes < 400'000 && said.find("cannot start a thread") == std::string::npos;
       kilobytes += 10'000) {
    said = output_of(fmt::format(
        "(ulimit -v {}; ANNALS_DATABASE='{}' timeout 20 '{}' --sink stdout --listen off --until-caught-up 2>&1; "
        "echo \"exit $?\")",
        kilobytes, database_.uri("relay"), ANNALS_RELAY_PROGRAM));
    EXPECT_THAT(said, ::testing::Not(::testing::HasSubstr("terminate called"))) << kilobytes;
  }
  EXPECT_THAT(said, ::testing::HasSubstr("cannot start a thread"));
  EXPECT_THAT(said, ::testing::HasSubstr("pids.max"));
  EXPECT_THAT(said, ::testing::HasSubstr("\nexit 3"));
}

/// Each of four would let a hundred a second through.
TEST_F(RelayDaemonService, KeepsToARateLimitWithAllItsShardsTogether) {
  enqueue("orders", 0, 2'000);
  const auto begin = std::chrono::steady_clock::now();
  const auto relay = start({"--sink", "stdout", "--shards", "4", "--rate-limits", "*=100"});
  EXPECT_TRUE(eventually([&] { return relay->out_lines().size() >= 150; })) << relay->err();
  const auto sent = static_cast<double>(relay->out_lines().size());
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  EXPECT_LT(sent, 100 * took.count() + 20);
}

}  // namespace
}  // namespace annals::tests
