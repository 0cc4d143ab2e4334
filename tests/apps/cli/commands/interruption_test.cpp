// Ctrl-C, in a pseudo-terminal, while the server keeps a command waiting.
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <stdexcept>

#include "cli_test.hpp"
#include "terminal.hpp"

namespace annals::tests {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class Interruption : public CliTest {
 protected:
  Interruption() {
    connect().execute(
        "INSERT INTO annals.outbox (message_id, content_type, topic, type, payload) "
        "SELECT gen_random_uuid(), 1, 'orders', 'T', '1' FROM generate_series(1, 10)");
    (void)output({"relay", "adopt", "shop", "--position", "4", "--yes"});
    (void)output({"stream", "append", "a", "--type", "T"});
  }

  void lock(const std::string& statement) {
    holder_.execute("BEGIN");
    holder_.execute(statement);
  }
  [[nodiscard]] std::int64_t waiters() const {
    return number(
        "SELECT count(*) FROM pg_catalog.pg_stat_activity WHERE datname = current_database() AND wait_event_type = "
        "'Lock'");
  }
  void wait_for_waiter() const {
    while (waiters() == 0) {
    }
  }
  /// Ctrl-C as soon as the server keeps the command waiting.
  [[nodiscard]] Finished interrupted(const Arguments& arguments) {
    Terminal terminal{with_database(arguments)};
    wait_for_waiter();
    terminal.press("\x03");
    return terminal.finish();
  }

  postgres::Connection holder_ = connect();
};

TEST_F(Interruption, EndsEveryCommandWithAWord) {
  lock("LOCK TABLE annals.events, annals.streams, annals.relay_checkpoints, annals.schema_migrations");
  const Arguments commands[] = {{"stream", "check"},
                                {"stream", "list"},
                                {"stream", "show", "a"},
                                {"stream", "append", "a", "--type", "T"},
                                {"events", "export"},
                                {"relay", "status"},
                                {"relay", "adopt", "shop", "--position", "7", "--yes"},
                                {"doctor"}};
  for (const auto& command : commands) {
    const auto seen = interrupted(command);
    EXPECT_EQ(seen.code, 130) << testing::PrintToString(command) << seen.out;
    EXPECT_THAT(seen.out, AllOf(HasSubstr("interrupted; nothing was changed"), HasSubstr("hint:")))
        << testing::PrintToString(command);
  }
}

TEST_F(Interruption, WipesTheLineThatSaysHowLongItTakes) {
  lock("LOCK TABLE annals.events");
  Terminal check{with_database({"stream", "check"})};
  check.wait_for("checking the last");
  check.press("\x03");
  const auto seen = check.finish();
  EXPECT_EQ(seen.code, 130) << seen.out;
  EXPECT_THAT(seen.out, testing::ContainsRegex("\r\x1b\\[K[^\r]*annals:[^\r]*interrupted; nothing was changed"));
}

TEST_F(Interruption, LeavesNothingBehindThatChangesTheDatabaseLater) {
  lock("UPDATE annals.relay_checkpoints SET epoch = epoch");
  const auto seen = interrupted({"relay", "adopt", "shop", "--position", "7", "--yes"});
  EXPECT_EQ(seen.code, 130) << seen.out;
  EXPECT_THAT(seen.out, HasSubstr("interrupted; nothing was changed"));
  EXPECT_EQ(waiters(), 0);
  holder_.execute("COMMIT");
  EXPECT_EQ(number("SELECT position FROM annals.relay_checkpoints"), 4);
}

TEST_F(Interruption, OfTheRolesLeavesThemAsTheyWere) {
  lock("LOCK TABLE annals.events");
  Terminal terminal{{"--database", uri("owner"), "schema", "roles", "apply"}};
  wait_for_waiter();
  terminal.press("\x03");
  const auto seen = terminal.finish();
  EXPECT_EQ(seen.code, 130) << seen.out;
  EXPECT_THAT(seen.out, HasSubstr("interrupted; nothing was changed"));
}

TEST_F(Interruption, ByTerminateIsTheSame) {
  lock("LOCK TABLE annals.events");
  Program check{with_database({"stream", "check"})};
  wait_for_waiter();
  check.signal(SIGTERM);
  const auto finished = check.finish();
  EXPECT_EQ(finished.code, 130);
  EXPECT_THAT(finished.err, HasSubstr("interrupted; nothing was changed"));
}

TEST_F(Interruption, AppendsNothingOfDataThatIsNotAllThere) {
  Program append{with_database(
      {"stream", "append", "a", "--type", "T", "--data", "-", "--content-type", "application/octet-stream"})};
  append.write(std::string(1U << 20U, 'x'));  // more than a pipe holds: it reads, and waits for the rest
  append.signal(SIGINT);
  const auto finished = append.finish();
  EXPECT_EQ(finished.code, 130) << finished.err;
  EXPECT_EQ(event_count(), 1);
}

/// Takes connections, and says nothing.
class SilentServer {
 public:
  SilentServer() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    auto* any = reinterpret_cast<sockaddr*>(&address);
    if (::bind(socket_, any, length) != 0 || ::listen(socket_, 1) != 0 || ::getsockname(socket_, any, &length) != 0) {
      throw std::runtime_error{"a server on a port"};
    }
    port_ = ntohs(address.sin_port);
  }
  ~SilentServer() { ::close(socket_); }
  SilentServer(const SilentServer&) = delete;
  SilentServer& operator=(const SilentServer&) = delete;

  [[nodiscard]] std::string uri() const { return "host=127.0.0.1 port=" + std::to_string(port_); }
  [[nodiscard]] int accept() const { return ::accept4(socket_, nullptr, nullptr, SOCK_CLOEXEC); }

 private:
  int socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int port_ = 0;
};

TEST(InterruptionOfNoAnswer, EndsTheProgramInTimeAndSaysWhatIsNotKnown) {
  const SilentServer server;
  Program list{{"--database", server.uri() + " connect_timeout=60", "stream", "list"}};
  const int client = server.accept();
  list.signal(SIGINT);
  const auto finished = list.finish();
  ::close(client);
  EXPECT_EQ(finished.code, 130);
  EXPECT_THAT(finished.err, HasSubstr("interrupted: no end came within 5 s; what the command changes may have been"));
}

}  // namespace
}  // namespace annals::tests
