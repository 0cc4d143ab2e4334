#include "annals/postgres/ownership.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <chrono>
#include <memory>
#include <thread>

#include "annals/core/error.hpp"
#include "annals/postgres/connection.hpp"
#include "support/end_session.hpp"
#include "support/error_of.hpp"
#include "support/tcp_proxy.hpp"
#include "support/temp_database.hpp"
#include "support/through.hpp"

using annals::ErrorKind;
using annals::postgres::Connection;
using annals::postgres::Database;
using annals::postgres::find_owner;
using annals::postgres::Ownership;
using annals::postgres::ownership_key;
using annals::postgres::ownership_name;
using annals::postgres::Params;
using annals::tests::error_of;
using annals::tests::TcpProxy;
using annals::tests::TempDatabase;
using namespace std::chrono_literals;

namespace {

constexpr auto lease = 1000ms;
constexpr auto slack = 5000ms;

int option_of(int socket, int level, int name) {
  int value = -1;
  socklen_t size = sizeof value;
  EXPECT_EQ(::getsockopt(socket, level, name, &value, &size), 0);
  return value;
}

class OwnershipTest : public testing::Test {
 protected:
  int server_port() { return annals::tests::server_port(direct_); }
  /// The test's database by TCP, through a network of the test's own.
  Database through(const TcpProxy& proxy) {
    auto database = annals::tests::through(temp_.superuser(), proxy);
    database.ownership_lease = lease;
    return database;
  }
  /// Waits in the server's queue for the lock until it was free once; throws when it is not within `limit`.
  void wait_until_free(std::string_view name, std::chrono::milliseconds limit) {
    direct_.execute(fmt::format("SET lock_timeout = {}", limit.count()));
    direct_.query("SELECT pg_advisory_lock($1::bigint)", Params{}.bigint(ownership_key(name)));
    direct_.query("SELECT pg_advisory_unlock($1::bigint)", Params{}.bigint(ownership_key(name)));
  }
  /// From version 14 the server ends a silent owner, whoever stands by; before, a standby does that sees 45 s of silence,
  /// and it looks every 10 s.
  void wait_until_passed_on(std::string_view name, Ownership& standby) {
    if (direct_.server_version() >= 140000) {
      EXPECT_NO_THROW(wait_until_free(name, lease + slack));
      return;
    }
    const auto deadline = std::chrono::steady_clock::now() + 55s + slack;
    while (!standby.try_acquire() && std::chrono::steady_clock::now() < deadline) pass(lease / 2);
  }
  /// The server's time passes.
  void pass(std::chrono::milliseconds time) {
    direct_.query("SELECT pg_sleep($1::bigint / 1000.0)", Params{}.bigint(time.count()));
  }

  // By TCP: what a network does to a session is the matter here.
  TempDatabase temp_{annals::tests::required_env("ANNALS_DATABASE_TCP"), TempDatabase::Schema::none};
  Connection direct_{temp_.superuser()};
};

}  // namespace

TEST_F(OwnershipTest, HasOneOwner) {
  Connection one{temp_.superuser()};
  Connection other{temp_.superuser()};
  Ownership first{one, "relay/x"};
  Ownership second{other, "relay/x"};
  Ownership unrelated{other, "relay/y"};
  EXPECT_TRUE(first.try_acquire());
  EXPECT_TRUE(first.try_acquire());
  EXPECT_FALSE(second.try_acquire());
  EXPECT_TRUE(unrelated.try_acquire());
  first.release();
  EXPECT_TRUE(second.try_acquire());
}

TEST_F(OwnershipTest, IsTheSameThroughEitherClient) {
  const auto session = annals::postgres::open_pqxx(temp_.superuser());
  Ownership first{direct_, "projection/x"};
  {
    Ownership second{*session, "projection/x", lease};
    EXPECT_TRUE(second.try_acquire());
    EXPECT_FALSE(first.try_acquire());
    EXPECT_EQ(find_owner(direct_, "projection/x")->pid, session->backendpid());
  }
  EXPECT_TRUE(first.try_acquire());
}

TEST_F(OwnershipTest, EndsWithItsSession) {
  Connection one{temp_.superuser()};
  Ownership first{one, "relay/x"};
  Ownership second{direct_, "relay/x"};
  ASSERT_TRUE(first.try_acquire());
  annals::tests::end_session(direct_, one.backend_pid());
  EXPECT_TRUE(second.try_acquire());
}

TEST_F(OwnershipTest, PassesOnWhenItsOwnerIsCutOff) {
  TcpProxy network{"127.0.0.1", server_port()};
  Connection one{through(network)};
  Ownership first{one, "relay/x"};
  Ownership second{direct_, "relay/x"};
  ASSERT_TRUE(first.try_acquire());
  network.freeze();
  EXPECT_FALSE(second.try_acquire());
  wait_until_passed_on("relay/x", second);
  EXPECT_TRUE(second.try_acquire());
  network.thaw();  // the old owner comes back and is told
  EXPECT_EQ(error_of([&] { first.touch(); }).kind(), ErrorKind::disconnected);
  EXPECT_FALSE(first.held());
}

TEST_F(OwnershipTest, PassesOnWhenItsOwnerOfTheOtherClientIsCutOff) {
  TcpProxy network{"127.0.0.1", server_port()};
  const auto session = annals::postgres::open_pqxx(through(network));
  Ownership first{*session, "projection/x", lease};
  Ownership second{direct_, "projection/x"};
  ASSERT_TRUE(first.try_acquire());
  network.freeze();
  wait_until_passed_on("projection/x", second);
  EXPECT_TRUE(second.try_acquire());
  network.thaw();
  EXPECT_EQ(error_of([&] { first.touch(); }).kind(), ErrorKind::disconnected);
}

/// The server hangs in writing to a frozen client, where no limit on silence is looked at.
/// By a Unix-domain socket, where no time-out of the network ends a session whose server hangs in writing to it.
class FrozenOwner : public testing::Test {
 protected:
  FrozenOwner() {
    database_.ownership_lease = lease;
    frozen_ = std::make_unique<Connection>(database_);
    owner_ = std::make_unique<Ownership>(*frozen_, "stuck");
    EXPECT_TRUE(owner_->try_acquire());
  }
  bool server_hangs() {
    return direct_
        .query("SELECT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event = 'ClientWrite' AND pid = $1::integer)",
               Params{}.integer(frozen_->backend_pid()))
        .boolean(0, 0);
  }
  void expect_passed_on() {
    const auto deadline = std::chrono::steady_clock::now() + lease + slack;
    while (!server_hangs() && std::chrono::steady_clock::now() < deadline) std::this_thread::sleep_for(10ms);
    ASSERT_TRUE(server_hangs()) << "the schedule is to have the server hang";
    Connection standby{database_};
    Ownership next{standby, "stuck"};
    while (!next.try_acquire() && std::chrono::steady_clock::now() < deadline) std::this_thread::sleep_for(10ms);
    EXPECT_TRUE(next.held());
  }

  TempDatabase temp_{TempDatabase::Schema::none};
  Database database_ = temp_.superuser();
  Connection direct_{database_};
  std::unique_ptr<Connection> frozen_;
  std::unique_ptr<Ownership> owner_;
};

TEST_F(FrozenOwner, PassesItOnWhenFrozenInSilence) {
  frozen_->execute("LISTEN stuck");
  direct_.query("SELECT count(pg_notify('stuck', repeat('x', 1000) || g)) FROM generate_series(1, 8000) g");
  expect_passed_on();
}

TEST_F(FrozenOwner, PassesItOnWhenFrozenWhileItReads) {
  frozen_->send("SELECT repeat('x', 1000) FROM generate_series(1, 100000)");
  expect_passed_on();
}

/// Slow, but it reads: each look finds its server in writing, and in another statement.
TEST_F(FrozenOwner, KeepsItWhenItIsMerelySlow) {
  Connection standby{database_};
  Ownership next{standby, "stuck"};
  const auto until = std::chrono::steady_clock::now() + 4 * lease;
  while (std::chrono::steady_clock::now() < until) {
    frozen_->send("SELECT repeat('x', 1000) FROM generate_series(1, 2000)");
    for (int i = 0; i < 5; ++i) {
      EXPECT_FALSE(next.try_acquire());
      std::this_thread::sleep_for(100ms);
    }
    while (!frozen_->finish(1s)) {
    }
  }
  EXPECT_TRUE(frozen_->is_open());
}

TEST_F(OwnershipTest, StaysWithAnOwnerWhoseLeaseIsLongerThanThatOfWhoAsks) {
  auto patient = temp_.superuser();
  patient.ownership_lease = 60s;
  Connection owning{patient};
  Ownership owner{owning, "patient"};
  ASSERT_TRUE(owner.try_acquire());
  pass(2 * lease);
  auto hasty = temp_.superuser();
  hasty.ownership_lease = lease;
  Connection asking{hasty};
  Ownership other{asking, "patient"};
  for (int i = 0; i < 5; ++i) {
    EXPECT_FALSE(other.try_acquire());
    pass(lease / 2);
  }
  EXPECT_NO_THROW((void)owning.query("SELECT 1"));
}

TEST_F(OwnershipTest, StaysWithAnOwnerThatTalks) {
  auto database = temp_.superuser();
  database.ownership_lease = lease;
  Connection one{database};
  Ownership first{one, "relay/x"};
  ASSERT_TRUE(first.try_acquire());
  for (auto passed = 0ms; passed < 2 * lease; passed += first.talk_within()) {
    pass(first.talk_within());
    ASSERT_NO_THROW(first.touch());
  }
  EXPECT_EQ(find_owner(direct_, "relay/x")->pid, one.backend_pid());
}

TEST_F(OwnershipTest, TheLeaseEndsWithTheLastThatIsOwned) {
  const auto limit = [&] { return direct_.query("SELECT current_setting('idle_session_timeout', true)").text(0, 0); };
  if (direct_.server_version() < 140000) GTEST_SKIP() << "idle_session_timeout is new in PostgreSQL 14";
  Ownership first{direct_, "relay/x"};
  Ownership second{direct_, "relay/y"};
  ASSERT_TRUE(first.try_acquire() && second.try_acquire());
  EXPECT_EQ(limit(), "30s");
  first.release();
  EXPECT_EQ(limit(), "30s");
  second.release();
  EXPECT_EQ(limit(), "0");
}

TEST_F(OwnershipTest, SaysWhoOwns) {
  auto database = temp_.superuser();
  database.application_name = "the owner";
  Connection one{database};
  Ownership first{one, "relay/x"};
  EXPECT_FALSE(find_owner(direct_, "relay/x").has_value());
  ASSERT_TRUE(first.try_acquire());
  const auto owner = find_owner(direct_, "relay/x");
  ASSERT_TRUE(owner.has_value());
  EXPECT_EQ(owner->pid, one.backend_pid());
  EXPECT_EQ(owner->application_name, "the owner");
  EXPECT_EQ(owner->client_address, "127.0.0.1");
}

TEST_F(OwnershipTest, NamesOfDifferentPartsDiffer) {
  EXPECT_EQ(ownership_name({"relay", "annals", "x"}), "relay/annals/x");
  EXPECT_NE(ownership_name({"relay", "a/b", "c"}), ownership_name({"relay", "a", "b/c"}));
  EXPECT_NE(ownership_name({"relay", "a\\", "c"}), ownership_name({"relay", "a\\/c"}));
  EXPECT_NE(ownership_name({"relay", "", "c"}), ownership_name({"relay", "c"}));
}

TEST_F(OwnershipTest, BothEndsOfASessionNoticeASilentPeerWithinTheLease) {
  const TcpProxy network{"127.0.0.1", server_port()};
  auto database = through(network);
  database.ownership_lease = 30s;
  Connection connection{database};
  const auto shown = [&](const std::string& name) { return connection.query("SHOW " + name).text(0, 0); };
  EXPECT_EQ(shown("tcp_keepalives_idle"), "10");
  EXPECT_EQ(shown("tcp_keepalives_interval"), "5");
  EXPECT_EQ(shown("tcp_keepalives_count"), "3");
  EXPECT_EQ(shown("tcp_user_timeout"), "25000");
  if (connection.server_version() >= 140000) {
    EXPECT_EQ(shown("client_connection_check_interval"), "5s");
  }
}

TEST_F(OwnershipTest, OurEndOfASessionIsSetByEitherClient) {
  const TcpProxy network{"127.0.0.1", server_port()};
  auto database = through(network);
  database.ownership_lease = 30s;
  const Connection ours{database};
  const auto of_pqxx = annals::postgres::open_pqxx(database);
  for (const int socket : {ours.socket(), of_pqxx->sock()}) {
    EXPECT_EQ(option_of(socket, SOL_SOCKET, SO_KEEPALIVE), 1);
    EXPECT_EQ(option_of(socket, IPPROTO_TCP, TCP_KEEPIDLE), 10);
    EXPECT_EQ(option_of(socket, IPPROTO_TCP, TCP_KEEPINTVL), 5);
    EXPECT_EQ(option_of(socket, IPPROTO_TCP, TCP_KEEPCNT), 3);
    EXPECT_EQ(option_of(socket, IPPROTO_TCP, TCP_USER_TIMEOUT), 25'000);
  }
}

TEST_F(OwnershipTest, RefusesALeaseThatNobodyCouldKeep) {
  auto database = temp_.superuser();
  database.ownership_lease = 10ms;
  EXPECT_EQ(error_of([&] { Connection{database}; }).kind(), ErrorKind::invalid);
}
