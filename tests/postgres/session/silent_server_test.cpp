#include <gtest/gtest.h>
#include <pthread.h>

#include <chrono>
#include <csignal>
#include <functional>
#include <string>
#include <thread>

#include "annals/core/error.hpp"
#include "annals/postgres/connection.hpp"
#include "annals/postgres/row_batch.hpp"
#include "support/error_of.hpp"
#include "support/tcp_proxy.hpp"
#include "support/temp_database.hpp"
#include "support/through.hpp"

using annals::ErrorKind;
using annals::postgres::Connection;
using annals::postgres::Params;
using annals::postgres::RowBatch;
using annals::postgres::Transaction;
using annals::tests::error_of;
using annals::tests::TcpProxy;
using annals::tests::TempDatabase;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t megabyte = 1U << 20U;

/// What stands between is stopped, as SIGSTOP stops a pooler: kernels go on acknowledging, so nothing breaks by itself.
class SilentServer : public testing::Test {
 protected:
  annals::postgres::Database hasty() const {
    auto database = annals::tests::through(temp_.superuser(), network_);
    database.statement_timeout = 500ms;
    database.ownership_lease = 1000ms;
    return database;
  }

  void expect_given_up(ErrorKind kind, const std::function<void()>& action) {
    const auto begin = std::chrono::steady_clock::now();
    const auto error = error_of(action);
    const auto took = std::chrono::steady_clock::now() - begin;
    EXPECT_EQ(error.kind(), kind) << error.what();
    EXPECT_GE(took, 1400ms);
    EXPECT_LT(took, 5s);
    EXPECT_FALSE(session_.is_usable());
  }

  TempDatabase temp_{annals::tests::required_env("ANNALS_DATABASE_TCP"), TempDatabase::Schema::none};
  Connection direct_{temp_.superuser()};
  TcpProxy network_{"127.0.0.1", annals::tests::server_port(direct_)};
  Connection session_{hasty()};
  RowBatch rows_;
};

TEST_F(SilentServer, IsGivenUpByAStatement) {
  network_.freeze();
  expect_given_up(ErrorKind::disconnected, [&] { session_.execute("SELECT 1"); });
}

TEST_F(SilentServer, IsGivenUpByAQuery) {
  network_.freeze();
  expect_given_up(ErrorKind::disconnected, [&] { session_.query("SELECT $1::bigint", Params{}.bigint(1)); });
}

TEST_F(SilentServer, IsGivenUpByAPreparedStatement) {
  session_.query_prepared("one", "SELECT 1");
  network_.freeze();
  expect_given_up(ErrorKind::disconnected, [&] { session_.query_prepared("one", "SELECT 1"); });
}

TEST_F(SilentServer, IsGivenUpByRowsThatAreSelected) {
  session_.select_rows("one", "SELECT 1", {}, megabyte, rows_);
  network_.freeze();
  expect_given_up(ErrorKind::disconnected, [&] { session_.select_rows("one", "SELECT 1", {}, megabyte, rows_); });
}

TEST_F(SilentServer, IsGivenUpInTheMiddleOfACopy) {
  std::jthread stop{[&] {
    std::this_thread::sleep_for(200ms);  // the schedule: rows have come, and more would
    network_.freeze();
  }};
  expect_given_up(ErrorKind::disconnected, [&] {
    session_.copy_out(
        "COPY (SELECT pg_sleep(0.01), repeat('x', 10000) FROM generate_series(1, 1000)) TO STDOUT (FORMAT binary)",
        64 * megabyte, rows_);
  });
  EXPECT_FALSE(rows_.empty());
}

TEST_F(SilentServer, IsGivenUpAtTheEndOfAnImport) {
  session_.execute("CREATE TABLE public.t (x bigint)");
  int left = 10;
  expect_given_up(ErrorKind::disconnected, [&] {
    session_.copy_in("COPY public.t FROM STDIN (FORMAT binary)", [&](Params& row) {
      row.bigint(left);
      if (left == 5) network_.freeze();
      return --left > 0;
    });
  });
}

/// A read that has enough cancels the rest, by a connection of its own.
TEST_F(SilentServer, IsGivenUpWhenItTakesNoCancellation) {
  const std::string many = "SELECT repeat('x', 1000) FROM generate_series(1, 100000)";
  network_.hold_new();
  expect_given_up(ErrorKind::disconnected, [&] { session_.select_rows("many", many, {}, 1000, rows_); });
}

TEST_F(SilentServer, IsGivenUpWhenItTakesNoCancellationOfACopy) {
  const std::string many = "COPY (SELECT repeat('x', 1000) FROM generate_series(1, 100000)) TO STDOUT (FORMAT binary)";
  network_.hold_new();
  expect_given_up(ErrorKind::disconnected, [&] { session_.copy_out(many, 1000, rows_); });
}

TEST_F(SilentServer, LeavesACommitInDoubt) {
  session_.execute("CREATE TABLE public.t (x bigint)");
  Transaction transaction{session_};
  session_.execute("INSERT INTO public.t VALUES (1)");
  network_.freeze();
  expect_given_up(ErrorKind::in_doubt, [&] { transaction.commit(); });
}

TEST_F(SilentServer, MayBeSilentForEverWhereStatementsMay) {
  auto database = hasty();
  database.statement_timeout = 0ms;
  Connection patient{database};
  network_.freeze();
  std::jthread thaw{[&] {
    std::this_thread::sleep_for(2s);
    network_.thaw();
  }};
  EXPECT_NO_THROW(patient.execute("SELECT 1"));
}

/// Ctrl-C comes while a statement runs: the program's matter, not the end of the session.
TEST_F(SilentServer, IsNotMistakenForOneBySignals) {
  struct sigaction action {};
  action.sa_handler = [](int) {};
  struct sigaction before {};
  sigaction(SIGUSR1, &action, &before);
  std::jthread signals{[waiter = pthread_self()](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      pthread_kill(waiter, SIGUSR1);
      std::this_thread::sleep_for(10ms);
    }
  }};
  EXPECT_NO_THROW(session_.query("SELECT pg_sleep(0.3)"));
  signals.request_stop();
  signals.join();
  sigaction(SIGUSR1, &before, nullptr);
}

}  // namespace
