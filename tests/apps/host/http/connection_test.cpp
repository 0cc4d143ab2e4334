#include "host/http/connection.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <utility>

namespace annals::host {
namespace {

/// Both ends of a conversation in memory.
class ConnectionTest : public ::testing::Test {
 protected:
  ConnectionTest() { EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends_), 0); }
  void TearDown() override { ::close(ends_[1]); }

  void say(const std::string& text) const {
    EXPECT_EQ(::send(ends_[1], text.data(), text.size(), 0), static_cast<ssize_t>(text.size()));
  }
  void advance(Connection& connection) const {
    connection.advance(now_, [](std::string_view, bool) { return std::string{"answer"}; });
  }
  /// How much of what comes after its answer the connection still throws away.
  std::size_t thrown_away(Connection& connection) const {
    std::size_t bytes = 0;
    while (!connection.done(now_) && bytes <= 2 * Connection::linger_bytes_max) {
      say(std::string(4096, 'x'));
      advance(connection);
      bytes += 4096;
    }
    return bytes;
  }
  /// A connection that has answered and thrown half of what it throws away at most.
  Connection lingering() const {
    Connection connection{ends_[0], now_};
    say("GET / HTTP/1.1\r\n\r\n");
    advance(connection);
    for (std::size_t bytes = 0; bytes < Connection::linger_bytes_max / 2; bytes += 4096) {
      say(std::string(4096, 'x'));
      advance(connection);
    }
    return connection;
  }

  int ends_[2] = {-1, -1};
  Connection::Time now_{};
};

TEST_F(ConnectionTest, ThrowsAwaySoMuchAndNoMore) {
  auto connection = lingering();
  EXPECT_EQ(thrown_away(connection), Connection::linger_bytes_max / 2 + 4096);
}

TEST_F(ConnectionTest, TakesItsWholeStateAlong) {
  auto first = lingering();
  auto constructed = std::move(first);
  Connection assigned{-1, now_};
  assigned = std::move(constructed);
  EXPECT_EQ(assigned.descriptor(), ends_[0]);
  EXPECT_EQ(thrown_away(assigned), Connection::linger_bytes_max / 2 + 4096);
}

}  // namespace
}  // namespace annals::host
