#include "annals/postgres/sql_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "annals/core/error.hpp"
#include "annals/postgres/error.hpp"

using annals::ErrorKind;
using annals::postgres::error_from_sqlstate;
using annals::postgres::render;

TEST(SqlText, FillsEveryPlace) {
  EXPECT_EQ(render("SELECT {n} FROM {schema}.a, {schema}.b", {{"schema", "s"}, {"n", "1"}}), "SELECT 1 FROM s.a, s.b");
}

TEST(SqlText, TakesOnlyPlainIdentifiersAsSchema) {
  EXPECT_EQ(render("{schema}.t", "annals"), "annals.t");
  EXPECT_THROW((void)render("{schema}.t", "a; DROP TABLE t; --"), annals::Error);
}

TEST(PostgresError, SaysWhatTheCallerCanDo) {
  struct Case {
    const char* sqlstate;
    ErrorKind kind;
    bool retryable;
  };
  for (const auto& [sqlstate, kind, retryable] :
       {Case{"40001", ErrorKind::failed, true}, Case{"40P01", ErrorKind::failed, true},
        Case{"57P01", ErrorKind::disconnected, true}, Case{"08006", ErrorKind::disconnected, true},
        Case{"", ErrorKind::disconnected, true}, Case{"55P03", ErrorKind::overloaded, true},
        Case{"53300", ErrorKind::overloaded, true}, Case{"42P01", ErrorKind::not_ready, false},
        Case{"42501", ErrorKind::not_ready, false}, Case{"3F000", ErrorKind::not_ready, false},
        Case{"3D000", ErrorKind::not_ready, false}, Case{"28P01", ErrorKind::not_ready, false},
        Case{"28000", ErrorKind::not_ready, false}, Case{"XX001", ErrorKind::corrupt, false},
        Case{"23505", ErrorKind::failed, false}}) {
    const auto error = error_from_sqlstate(sqlstate, "append", "reason\n");
    EXPECT_EQ(error.kind(), kind) << sqlstate;
    EXPECT_EQ(error.retryable(), retryable) << sqlstate;
    EXPECT_EQ(error.sqlstate(), sqlstate);
  }
}

TEST(PostgresError, TellsWhatIsThereFromWhatIsNot) {
  const auto hint = [](const char* sqlstate) { return error_from_sqlstate(sqlstate, "apply", "reason").hint(); };
  for (const auto* there : {"42P07", "42P06", "42710", "42723"})
    EXPECT_THAT(hint(there), testing::HasSubstr("already"));
  EXPECT_THAT(hint("42P01"), testing::HasSubstr("if it is one of Annals")) << "a service has tables of its own";
  EXPECT_THAT(hint("42703"), testing::HasSubstr("has not what the statement names"));
  EXPECT_THAT(hint("42501"), testing::HasSubstr("--writer"));
}

TEST(PostgresError, SaysWhatToDoWhateverTheCode) {
  for (const auto* sqlstate : {"", "0A000", "22001", "22P02", "23505", "25P02", "42601", "42703", "54000", "55000",
                               "P0001", "XX000", "ZZZZZ", "a code that is none"}) {
    EXPECT_FALSE(error_from_sqlstate(sqlstate, "append", "reason").hint().empty()) << sqlstate;
  }
}
