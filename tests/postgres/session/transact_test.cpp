#include "annals/postgres/transact.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <thread>

#include "annals/core/error.hpp"
#include "annals/postgres/connection.hpp"
#include "annals/postgres/prepared_statement.hpp"
#include "support/end_session.hpp"
#include "support/temp_database.hpp"

using annals::Error;
using annals::ErrorKind;
using annals::postgres::Connection;
using annals::postgres::transact;
using annals::tests::TempDatabase;

namespace {

class TransactTest : public testing::Test {
 protected:
  TransactTest() {
    direct_.execute("CREATE TABLE public.t (id int PRIMARY KEY, n int); INSERT INTO public.t VALUES (1, 0), (2, 0)");
  }
  std::int64_t sum() { return direct_.query("SELECT sum(n) FROM public.t").bigint(0, 0); }

  TempDatabase temp_{TempDatabase::Schema::none};
  Connection direct_{temp_.database()};
  std::unique_ptr<annals::postgres::PqxxPool> pool_ = annals::postgres::make_pqxx_pool(temp_.database(), {.size = 4});
};

}  // namespace

TEST_F(TransactTest, CommitsAndReturnsTheValue) {
  const int value = transact(*pool_, [](pqxx::work& tx) {
    tx.exec("UPDATE t SET n = 5 WHERE id = 1");
    return 7;
  });
  EXPECT_EQ(value, 7);
  EXPECT_EQ(sum(), 5);
}

TEST_F(TransactTest, RollsBackWhenTheWorkThrows) {
  EXPECT_THROW(transact(*pool_,
                        [](pqxx::work& tx) {
                          tx.exec("UPDATE t SET n = 5");
                          throw std::logic_error{"no"};
                        }),
               std::logic_error);
  EXPECT_EQ(sum(), 0);
}

TEST_F(TransactTest, NothingRunsOnAfterASwallowedError) {
  const auto update = [](pqxx::work& tx) {
    annals::postgres::exec_params(tx, "UPDATE t SET n = $1::int", annals::postgres::PqxxParams{}.integer(5));
  };
  const auto careless = [&](pqxx::work& tx) {
    EXPECT_THROW(tx.exec("SELECT nonsense"), pqxx::sql_error);
    update(tx);
  };
  try {
    transact(*pool_, careless);
    ADD_FAILURE() << "the failed transaction went on";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::failed);
  }
  EXPECT_EQ(sum(), 0);
  const auto careful = [&](pqxx::work& tx) {
    try {
      pqxx::subtransaction attempt{tx};
      attempt.exec("SELECT nonsense");
    } catch (const pqxx::sql_error&) {
    }
    update(tx);
  };
  transact(*pool_, careful);
  EXPECT_EQ(sum(), 10);
}

TEST_F(TransactTest, RunsAgainAfterADeadlock) {
  std::atomic<int> both_hold{0};
  std::atomic<int> runs{0};
  const auto cross = [&](int first, int second) {
    transact(*pool_, [&](pqxx::work& tx) {
      ++runs;
      tx.exec("UPDATE t SET n = n + 1 WHERE id = " + std::to_string(first));
      ++both_hold;
      while (both_hold < 2) std::this_thread::yield();  // in the first run each holds what the other wants
      tx.exec("UPDATE t SET n = n + 1 WHERE id = " + std::to_string(second));
    });
  };
  {
    std::jthread one{[&] { cross(1, 2); }};
    std::jthread other{[&] { cross(2, 1); }};
  }
  EXPECT_EQ(sum(), 4);
  EXPECT_GE(runs, 3);  // one of them at least was made again
}

TEST_F(TransactTest, NeverRetriesACommitInDoubt) {
  int runs = 0;
  try {
    transact(*pool_, [&](pqxx::work& tx) {
      ++runs;
      tx.exec("UPDATE t SET n = n + 1 WHERE id = 1");
      annals::tests::end_session(direct_, tx.conn().backendpid());
    });
    FAIL();
  } catch (const Error& error) {
    EXPECT_TRUE(error.kind() == ErrorKind::in_doubt || error.kind() == ErrorKind::disconnected) << error.what();
  }
  EXPECT_EQ(runs, 1);
  EXPECT_NO_THROW(transact(*pool_, [](pqxx::work& tx) { tx.exec("SELECT 1"); }));
}

TEST_F(TransactTest, TranslatesErrorsOfTheDriver) {
  try {
    transact(*pool_, [](pqxx::work& tx) { tx.exec("SELECT * FROM not_there"); });
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::not_ready);
    EXPECT_EQ(error.sqlstate(), "42P01");
  }
  try {
    transact(*pool_, [](pqxx::work& tx) { tx.exec("SELECT * FROM pg_catalog.pg_authid"); });
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::not_ready) << "a right that is missing is no lost connection";
    EXPECT_EQ(error.sqlstate(), "42501");
  }
}

TEST_F(TransactTest, NoticesThatTheServerEndedAnIdleConnection) {
  const auto pid = [&] {
    return transact(*pool_, [](pqxx::work& tx) { return tx.conn().backendpid(); }, {.attempts_max = 1});
  };
  const auto first = pid();
  annals::tests::end_session(direct_, first);
  EXPECT_NE(pid(), first);
}

TEST_F(TransactTest, BeginsAgainOnAnotherConnectionWhenOneIsDead) {
  annals::postgres::PqxxPool trusting{[&] { return annals::postgres::open_pqxx(temp_.database()); },
                                      [](pqxx::connection&) { return true; }};
  const auto pid = [&] { return transact(trusting, [](pqxx::work& tx) { return tx.conn().backendpid(); }); };
  const auto first = pid();
  annals::tests::end_session(direct_, first);
  EXPECT_NE(pid(), first);
}

TEST_F(TransactTest, PreparesOnceInASessionHoweverManyOthersComeBetween) {
  const annals::postgres::PreparedStatement statement{"one", "SELECT 1", 2};
  const auto lasting = annals::postgres::open_pqxx(temp_.database());
  const auto run = [&](pqxx::connection& connection) {
    pqxx::work tx{connection};
    statement.exec(tx, {});
    return tx.exec("SELECT count(*) FROM pg_prepared_statements WHERE statement = 'SELECT 1'")[0][0].as<int>();
  };
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(run(*lasting), 1);
    const auto a = annals::postgres::open_pqxx(temp_.database());
    const auto b = annals::postgres::open_pqxx(temp_.database());
    run(*a);
    run(*b);
  }
}
