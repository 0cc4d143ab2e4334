#include "annals/postgres/connection.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <string_view>

#include "annals/core/error.hpp"
#include "annals/postgres/cluster_identity.hpp"
#include "annals/postgres/pqxx_compat.hpp"
#include "annals/postgres/row_batch.hpp"
#include "support/end_session.hpp"
#include "support/error_of.hpp"
#include "support/temp_database.hpp"

using annals::ErrorKind;
using annals::EventId;
using annals::postgres::Connection;
using annals::postgres::Params;
using annals::tests::error_of;
using annals::tests::TempDatabase;
using testing::HasSubstr;
using testing::Not;
using namespace std::chrono_literals;

namespace {

class ConnectionTest : public testing::Test {
 protected:
  TempDatabase temp_{TempDatabase::Schema::none};
  Connection connection_{temp_.database()};
};

}  // namespace

TEST_F(ConnectionTest, CarriesEveryTypeInBinary) {
  const auto id = EventId::generate();
  const auto time = *annals::parse_timestamp("2024-05-06T07:08:09.123456Z");
  const std::string bytes{"\0\xff'\\", 4};
  const auto row = connection_.query(
      "SELECT $1::bigint, $2::int, $3::bool, $4::text, $5::bytea, $6::uuid, $7::timestamptz, $8::text",
      Params{}.bigint(-5).integer(7).boolean(true).text("it's ☃").bytea(bytes).uuid(id).timestamptz(time).null());
  EXPECT_EQ(row.bigint(0, 0), -5);
  EXPECT_EQ(row.integer(0, 1), 7);
  EXPECT_TRUE(row.boolean(0, 2));
  EXPECT_EQ(row.text(0, 3), "it's ☃");
  EXPECT_EQ(row.bytes(0, 4), bytes);
  EXPECT_EQ(row.uuid(0, 5), id);
  EXPECT_EQ(row.timestamptz(0, 6), time);
  EXPECT_TRUE(row.is_null(0, 7));
}

TEST_F(ConnectionTest, CarriesArraysInBinary) {
  using Text = std::optional<std::string_view>;
  const std::vector<Text> texts{"a", std::nullopt, "", "{\"}"};
  const std::vector<std::int64_t> numbers{1, -2};
  const auto rows =
      connection_.query("SELECT t, n FROM unnest($1::text[], $2::bigint[]) WITH ORDINALITY u(t, n, o) ORDER BY o",
                        Params{}.text_array(texts).bigint_array(numbers));
  ASSERT_EQ(rows.rows(), 4);
  EXPECT_EQ(rows.text(0, 0), "a");
  EXPECT_TRUE(rows.is_null(1, 0));
  EXPECT_EQ(rows.bigint(1, 1), -2);
  EXPECT_EQ(rows.text(3, 0), "{\"}");
  EXPECT_EQ(connection_.query("SELECT cardinality($1::text[])", Params{}.text_array({})).integer(0, 0), 0);
}

TEST_F(ConnectionTest, StopsCopyingAtTheByteLimit) {
  annals::postgres::RowBatch batch;
  connection_.copy_out(
      "COPY (SELECT g::bigint, repeat('x', 100) FROM generate_series(1, 1000) g) TO STDOUT (FORMAT binary)", 1000,
      batch);
  EXPECT_TRUE(batch.truncated());
  EXPECT_LT(batch.size(), 20U);
  connection_.copy_out("COPY (SELECT 1::bigint) TO STDOUT (FORMAT binary)", 1000, batch);  // the session is still good
  EXPECT_FALSE(batch.truncated());
  EXPECT_EQ(batch.size(), 1U);
}

TEST_F(ConnectionTest, StopsTheServerAtTheByteLimit) {
  constexpr auto rows = 200;  // of 1 MB: what is on its way when the limit is reached is a few MB
  connection_.execute("CREATE SEQUENCE public.produced");
  annals::postgres::RowBatch batch;
  for (int round = 0; round < 3; ++round) {
    const auto before = connection_.query("SELECT last_value FROM public.produced").bigint(0, 0);
    connection_.copy_out(
        "COPY (SELECT nextval('public.produced'), repeat('x', 1000000) FROM generate_series(1, 200))"
        " TO STDOUT (FORMAT binary)",
        2'000'000, batch);
    EXPECT_TRUE(batch.truncated());
    EXPECT_EQ(batch.size(), 2U);
    EXPECT_EQ(batch.row(1).bigint(), batch.row(0).bigint() + 1);
    const auto produced = connection_.query("SELECT last_value FROM public.produced").bigint(0, 0) - before;
    RecordProperty("rows_produced_" + std::to_string(round), static_cast<int>(produced));
    EXPECT_LT(produced, rows / 4);
    EXPECT_FALSE(connection_.in_transaction());
    EXPECT_TRUE(connection_.is_usable());
  }
}

TEST_F(ConnectionTest, StopsTheServerAtTheByteLimitOfASelect) {
  connection_.execute("CREATE SEQUENCE public.produced");
  annals::postgres::RowBatch batch;
  for (int round = 0; round < 3; ++round) {
    const auto before = connection_.query("SELECT last_value FROM public.produced").bigint(0, 0);
    connection_.select_rows("large",
                            "SELECT nextval('public.produced'), repeat('x', 1000000) FROM generate_series(1, 200)", {},
                            2'000'000, batch);
    EXPECT_TRUE(batch.truncated());
    EXPECT_EQ(batch.size(), 2U);
    const auto produced = connection_.query("SELECT last_value FROM public.produced").bigint(0, 0) - before;
    EXPECT_LT(produced, 50) << "of 200";
    EXPECT_TRUE(connection_.is_usable());
  }
}

TEST_F(ConnectionTest, ACopyThatStopsEarlyLeavesItsTransactionGood) {
  annals::postgres::RowBatch batch;
  connection_.execute("CREATE TABLE public.t (x int)");
  annals::postgres::Transaction transaction{connection_};
  connection_.execute("INSERT INTO public.t VALUES (1)");
  connection_.copy_out("COPY (SELECT repeat('x', 1000000) FROM generate_series(1, 20)) TO STDOUT (FORMAT binary)", 1,
                       batch);
  EXPECT_TRUE(batch.truncated());
  transaction.commit();
  EXPECT_EQ(connection_.query("SELECT count(*) FROM public.t").bigint(0, 0), 1);
}

TEST_F(ConnectionTest, NamesAStatementByItsWordsNotByItsComments) {
  const auto error =
      error_of([&] { (void)connection_.query("-- What it does\n  -- and why.\nSELECT nothing\nFROM x"); });
  EXPECT_THAT(error.message(), testing::StartsWith("SELECT nothing: "));
  EXPECT_THAT(error_of([&] { connection_.execute("SELECT nothing"); }).message(),
              testing::StartsWith("SELECT nothing: "));
}

TEST_F(ConnectionTest, CopiesRowsIn) {
  connection_.execute("CREATE TABLE public.t (n bigint PRIMARY KEY, words text CHECK (words <> 'bad'))");
  const std::string sql = "COPY public.t FROM STDIN (FORMAT binary)";
  const std::string large(200'000, 'x');  // more than a block
  int given = 0;
  connection_.copy_in(sql, [&](Params& row) {
    row.bigint(given);
    given % 2 == 0 ? row.text(large) : row.null();
    return ++given <= 20;
  });
  EXPECT_EQ(connection_.query("SELECT count(*), sum(length(words)) FROM public.t WHERE (words IS NULL) = (n % 2 = 1)")
                .bigint(0, 1),
            10 * 200'000);
  EXPECT_EQ(connection_.query("SELECT count(*) FROM public.t").bigint(0, 0), 20);
  connection_.copy_in(sql, [](Params&) { return false; });
  EXPECT_EQ(connection_.query("SELECT count(*) FROM public.t").bigint(0, 0), 20) << "none is fine";
}

TEST_F(ConnectionTest, ACopyInThatFailsLeavesNothingAndAGoodSession) {
  connection_.execute("CREATE TABLE public.t (n bigint PRIMARY KEY, words text CHECK (words <> 'bad'))");
  const std::string sql = "COPY public.t FROM STDIN (FORMAT binary)";
  const auto copy = [&](const std::string& word, int fail_at) {
    return error_of([&] {
      int given = 0;
      connection_.copy_in(sql, [&](Params& row) {
        if (given == fail_at) throw annals::Error{ErrorKind::corrupt, "mine"};
        row.bigint(given).text(given == 3 ? word : std::string(30'000, 'x'));
        return ++given <= 100;
      });
    });
  };
  EXPECT_THAT(copy("good", 50).what(), HasSubstr("mine"));
  EXPECT_EQ(copy("bad", 1000).sqlstate(), "23514") << "the server refuses a row";
  EXPECT_EQ(error_of([&] { connection_.copy_in("COPY public.none FROM STDIN (FORMAT binary)", {}); }).sqlstate(),
            "42P01");
  EXPECT_EQ(connection_.query("SELECT count(*) FROM public.t").bigint(0, 0), 0);
  const auto killed = error_of([&] {
    connection_.copy_in(sql, [&, given = 0](Params& row) mutable {
      if (given == 10) {
        Connection{temp_.superuser()}.query("SELECT pg_terminate_backend($1::int)",
                                            Params{}.integer(connection_.backend_pid()));
      }
      row.bigint(given).text(std::string(1'000'000, 'x'));
      return ++given <= 100;
    });
  });
  EXPECT_EQ(killed.kind(), ErrorKind::disconnected) << killed.what();
  EXPECT_FALSE(connection_.is_open());
}

TEST_F(ConnectionTest, NamesTheColumnThatIsNotWhatItShouldBe) {
  const auto row =
      connection_.query("SELECT NULL::bigint AS position, 7::int AS version, 'infinity'::timestamptz AS at");
  for (const auto& [error, text] :
       {std::pair{error_of([&] { (void)row.bigint(0, 0); }), "column \"position\" (number 1)"},
        std::pair{error_of([&] { (void)row.uuid(0, 1); }), "column \"version\" (number 2)"},
        std::pair{error_of([&] { (void)row.timestamptz(0, 2); }), "column \"at\""}}) {
    EXPECT_EQ(error.kind(), ErrorKind::corrupt);
    EXPECT_THAT(error.what(), HasSubstr(text));
  }
}

TEST_F(ConnectionTest, OurSessionsGiveBytesInHexWhateverTheRoleHas) {
  Connection{temp_.superuser()}.execute(
      "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET bytea_output = escape', current_database()); END $$");
  EXPECT_EQ(Connection{temp_.database()}.query("SHOW bytea_output").text(0, 0), "hex");
  const auto session = annals::postgres::open_pqxx(temp_.database());
  pqxx::work tx{*session};
  EXPECT_EQ(tx.exec("SHOW bytea_output")[0][0].as<std::string>(), "hex");
}

TEST_F(ConnectionTest, BytesAreReadInBothOfPostgresTextForms) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  const auto session = annals::postgres::open_pqxx(temp_.database());  // as a service's own session may be
  for (const auto* form : {"hex", "escape"}) {
    pqxx::work tx{*session};
    tx.exec(std::string{"SET LOCAL bytea_output = "} + form);
    const auto text = annals::postgres::exec_params(tx, "SELECT $1::bytea", annals::postgres::PqxxParams{}.bytea(all));
    EXPECT_EQ(annals::postgres::decode_bytea(text[0][0].c_str()), all) << form;
  }
}

TEST_F(ConnectionTest, EndsAStatementThatTakesTooLong) {
  auto database = temp_.database();
  database.statement_timeout = 50ms;
  Connection hasty{database};
  EXPECT_EQ(error_of([&] { hasty.execute("SELECT pg_sleep(10)"); }).kind(), ErrorKind::overloaded);
  EXPECT_TRUE(hasty.is_usable());
}

TEST_F(ConnectionTest, CancelsTheStatementOfWhoIsInterrupted) {
  bool interrupted = false;
  auto database = temp_.database();
  database.interrupted = [&] { return interrupted; };
  database.statement_timeout = 20s;
  Connection session{database};
  interrupted = true;
  const auto begin = std::chrono::steady_clock::now();
  const auto error = error_of([&] { session.query("SELECT pg_sleep(30)"); });
  EXPECT_EQ(error.sqlstate(), "57014");
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 15s) << "not by its timeout";
  interrupted = false;
  EXPECT_TRUE(session.is_usable());
  session.execute("SELECT 1");
}

TEST_F(ConnectionTest, NoticesThatTheServerHungUp) {
  Connection victim{temp_.database()};
  annals::tests::end_session(connection_, victim.backend_pid());
  EXPECT_FALSE(victim.is_usable());
  EXPECT_EQ(error_of([&] { victim.execute("SELECT 1"); }).kind(), ErrorKind::disconnected);
}

TEST_F(ConnectionTest, RollsBackATransactionThatWasNotCommitted) {
  connection_.execute("CREATE TABLE public.t (x int)");
  {
    const annals::postgres::Transaction transaction{connection_};
    connection_.execute("INSERT INTO public.t VALUES (1)");
  }
  EXPECT_FALSE(connection_.in_transaction());
  EXPECT_EQ(connection_.query("SELECT count(*) FROM public.t").bigint(0, 0), 0);
}

TEST_F(ConnectionTest, CommitOfALostSessionIsInDoubt) {
  Connection victim{temp_.database()};
  annals::postgres::Transaction transaction{victim};
  victim.query("SELECT pg_current_xact_id()::text");
  annals::tests::end_session(connection_, victim.backend_pid());
  EXPECT_EQ(error_of([&] { transaction.commit(); }).kind(), ErrorKind::in_doubt);
}

TEST_F(ConnectionTest, KnowsItsCluster) {
  const auto identity = annals::postgres::read_cluster_identity(connection_);
  EXPECT_GT(identity.system_identifier.size(), 10U);
  EXPECT_EQ(identity.timeline, "1");
}

TEST(Database, ErrorsNameTheTargetAndNeverThePassword) {
  const auto away = error_of([] { Connection{{.conninfo = "postgresql://me:s3cret@127.0.0.1:1/nowhere"}}; });
  EXPECT_EQ(away.kind(), ErrorKind::disconnected);
  EXPECT_THAT(away.what(), HasSubstr("host=127.0.0.1 port=1"));
  EXPECT_THAT(away.what(), Not(HasSubstr("s3cret")));
  const auto unreadable = error_of([] { Connection{{.conninfo = "postgresql://me:s3%zzcret@127.0.0.1:1/x"}}; });
  EXPECT_EQ(unreadable.kind(), ErrorKind::invalid);
  EXPECT_THAT(unreadable.what(), Not(HasSubstr("cret")));
}

TEST(Database, ServerThatRefusesASessionIsNotAway) {
  const TempDatabase temp{TempDatabase::Schema::none};
  Connection superuser{temp.superuser()};
  const std::string name{superuser.query("SELECT current_database()::text").text(0, 0)};
  superuser.execute("REVOKE CONNECT ON DATABASE " + name + " FROM PUBLIC");
  const auto socket = annals::tests::required_env("ANNALS_DATABASE");
  const auto tcp = annals::tests::required_env("ANNALS_DATABASE_TCP");
  const auto with = [](std::string uri, std::string_view part, std::string_view other) {
    return uri.replace(uri.find(part), part.size(), other);
  };
  const auto at = tcp.find('@');
  const auto colon = tcp.rfind(':', at);
  const auto password = tcp.substr(colon, at + 1 - colon);  // with what stands around it
  struct Refused {
    std::string conninfo;
    std::string says;
    std::string hint;
  };
  const Refused refused[] = {
      {with(socket, "/annals?", "/nowhere?"), "\"nowhere\" does not exist", "create the database"},
      {with(socket, "user=annals", "user=nobody"), "\"nobody\" does not exist", "create the role"},
      {with(tcp, password, ":wrong@"), "password authentication failed", "check user and password"},
      {with(tcp, password, "@"), "no password supplied", "PGPASSFILE"},
      {temp.uri("reader"), "permission denied for database", "CONNECT"}};
  for (const Refused& session : refused) {
    for (const auto& error : {error_of([&] { Connection{{.conninfo = session.conninfo}}; }),
                              error_of([&] { (void)annals::postgres::open_pqxx({.conninfo = session.conninfo}); })}) {
      EXPECT_EQ(error.kind(), ErrorKind::not_ready) << error.what();
      EXPECT_THAT(error.what(), HasSubstr(session.says));
      EXPECT_THAT(error.hint(), HasSubstr(session.hint)) << error.what();
    }
  }
}

TEST(Database, APasswordInTheWrongPlaceIsNeverPrinted) {
  for (const auto* conninfo :
       {"postgresql://me:S3cr3t@x@127.0.0.1:1/db", "postgresql://me:S3cr3t/x@127.0.0.1:1/db",
        "postgres://me:x/S3cr3t@h/db", "postgresql://me:x@S3cr3t@h", "postgresql://me:x?S3cr3t@h/db",
        "postgresql://me:S3cr3t/db", "postgresql://me:S3cr3t", "postgresql://h/db?S3cr3t@x=1",
        "postgresql://me:pw@h/db?S3cr3t=1", "postgresql://me:pw@h/db?a=1&S3cr3t", "host=h password=x S3cr3t",
        "host=h password=x S3cr3t=y", "host=h password='x S3cr3t", "dbname=postgresql://me:S3cr3t@h/db",
        "host=h port=S3cr3t"}) {
    for (const auto& error : {error_of([&] { Connection{{.conninfo = conninfo}}; }),
                              error_of([&] { (void)annals::postgres::open_pqxx({.conninfo = conninfo}); }),
                              error_of([&] { (void)annals::postgres::describe({.conninfo = conninfo}); })}) {
      EXPECT_EQ(error.kind(), ErrorKind::invalid) << conninfo;
      EXPECT_THAT(error.what(), Not(HasSubstr("S3cr3t")));
    }
  }
}

TEST(Database, TakesAPasswordThatIsEscaped) {
  EXPECT_EQ(annals::postgres::describe({.conninfo = "postgresql://me:a%40b%2Fc%3Fd@h:5/db?application_name=x"}),
            "user=me dbname=db host=h port=5");
  EXPECT_EQ(annals::postgres::describe({.conninfo = "host=a,b port=1,2 user=me@corp password=x/y@z"}),
            "user=me@corp host=a,b port=1,2");
  EXPECT_THAT(error_of([&] { (void)annals::postgres::describe({.conninfo = "databse=x"}); }).what(),
              HasSubstr("databse"));
}

TEST(Database, RefusesASchemaThatIsNoIdentifier) {
  const auto error = error_of([] {
    Connection{{.conninfo = annals::tests::required_env("ANNALS_DATABASE"), .schema = "x\"; DROP SCHEMA public"}};
  });
  EXPECT_EQ(error.kind(), ErrorKind::invalid);
}

TEST(Database, TakesLibpqsOwnEnvironment) {
  // An empty conninfo is the PG* environment; PGOPTIONS is one that both client libraries must see.
  const TempDatabase temp{TempDatabase::Schema::none};
  ASSERT_EQ(setenv("PGOPTIONS", "-c geqo_threshold=33", 1), 0);
  Connection connection{temp.database()};
  EXPECT_EQ(connection.query("SHOW geqo_threshold").text(0, 0), "33");
  unsetenv("PGOPTIONS");
}
