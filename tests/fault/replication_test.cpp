// What a server alone can show of replication: a promotion, and a synchronous standby that is not there.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>

#include "annals/core/error.hpp"
#include "annals/postgres/cluster_identity.hpp"
#include "annals/postgres/connection.hpp"
#include "annals/postgres/transact.hpp"
#include "support/impatient.hpp"
#include "support/private_stack.hpp"

using annals::Error;
using annals::ErrorKind;
using annals::postgres::Connection;
using annals::postgres::Database;
using annals::postgres::read_cluster_identity;
using annals::tests::Impatient;
using annals::tests::PrivateStack;

namespace {

std::optional<ErrorKind> kind_of_error(const std::function<void()>& commit) {
  try {
    commit();
  } catch (const Error& error) {
    return error.kind();
  }
  return std::nullopt;
}

/// Until commits wait for a standby: the server takes a moment to hear of it.
void await_first_wait(Connection& connection) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{30};
  while (!kind_of_error([&] { connection.query("INSERT INTO public.t VALUES (0)"); })) {
    if (std::chrono::steady_clock::now() > deadline) throw std::runtime_error{"no commit waits for a standby"};
  }
}

}  // namespace

TEST(Replication, APromotionIsAnotherTimelineAtOnce) {
  const PrivateStack server{"postgres"};
  std::filesystem::path data;
  {
    Connection connection{{.conninfo = server.address()}};
    data = connection.query("SHOW data_directory").text(0, 0);
    EXPECT_EQ(read_cluster_identity(connection).timeline, "1");
  }
  server.kill();
  const std::ofstream signal{data / "standby.signal"};
  server.start();
  Connection connection{{.conninfo = server.address()}};
  const auto standby = read_cluster_identity(connection);
  EXPECT_EQ(standby.timeline, "1");
  ASSERT_TRUE(connection.query("SELECT pg_promote(true, 60)").boolean(0, 0));
  const auto promoted = read_cluster_identity(connection);
  EXPECT_EQ(promoted.timeline, "2");
  EXPECT_EQ(promoted.system_identifier, standby.system_identifier);
  connection.execute("CREATE ROLE anybody; SET ROLE anybody");
  EXPECT_EQ(read_cluster_identity(connection), promoted);
}

TEST(Replication, ACommitWhoseWaitForAStandbyWasCanceledIsInDoubt) {
  const PrivateStack server{"postgres"};
  const Database database{.conninfo = server.address()};
  Connection connection{database};
  connection.execute("CREATE TABLE public.t (n int)");
  const Impatient impatient{database};
  const auto pool = annals::postgres::make_pqxx_pool(database);
  connection.execute("ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
  connection.execute("SELECT pg_reload_conf()");
  await_first_wait(connection);

  EXPECT_EQ(kind_of_error([&] {
              annals::postgres::Transaction transaction{connection};
              connection.execute("INSERT INTO public.t VALUES (1)");
              transaction.commit();
            }),
            ErrorKind::in_doubt);
  EXPECT_EQ(kind_of_error([&] { connection.query("INSERT INTO public.t VALUES (2)"); }), ErrorKind::in_doubt);
  EXPECT_EQ(kind_of_error([&] { connection.query_prepared("insert", "INSERT INTO public.t VALUES (3)"); }),
            ErrorKind::in_doubt);
  int runs = 0;
  EXPECT_EQ(kind_of_error([&] {
              annals::postgres::transact(*pool, [&](pqxx::work& tx) {
                ++runs;
                tx.exec("INSERT INTO public.t VALUES (4)");
              });
            }),
            ErrorKind::in_doubt);
  EXPECT_EQ(runs, 1);
  // The session goes on, and what was committed is there.
  EXPECT_EQ(connection.query("SELECT count(DISTINCT n) FROM public.t WHERE n > 0").bigint(0, 0), 4);
}
