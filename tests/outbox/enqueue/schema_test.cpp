#include <gmock/gmock.h>

#include "relay_test_base.hpp"

namespace annals::tests {
namespace {

using testing::HasSubstr;

class OutboxSchema : public RelayTestBase {
 protected:
  std::string refusal(const std::string& sql) {
    return error_of([&] { execute(sql); }).what();
  }
  /// An INSERT with one column's value replaced.
  static std::string insert(const std::string& column, const std::string& value) {
    std::vector<std::pair<std::string, std::string>> columns{{"message_id", "gen_random_uuid()"},
                                                             {"topic", "'t'"},
                                                             {"key", "'k'"},
                                                             {"type", "'y'"},
                                                             {"content_type", "2"},
                                                             {"payload", "'x'::bytea"},
                                                             {"headers", "NULL"},
                                                             {"occurred_at", "NULL"}};
    std::string names;
    std::string values;
    for (const auto& [name, usual] : columns) {
      names += (names.empty() ? "" : ", ") + name;
      values += (values.empty() ? "" : ", ") + (name == column ? value : usual);
    }
    return "INSERT INTO annals.outbox (" + names + ") VALUES (" + values + ")";
  }
};

TEST_F(OutboxSchema, IsAppendOnlyEvenForItsOwnerAndForReplication) {
  enqueue("k", "x");
  for (const auto* sql : {"UPDATE annals.outbox SET type = 'z'", "DELETE FROM annals.outbox", "TRUNCATE annals.outbox",
                          "SET session_replication_role = replica; DELETE FROM annals.outbox"}) {
    const auto text = refusal(sql);
    EXPECT_THAT(text, HasSubstr("append-only")) << sql;
  }
  EXPECT_EQ(scalar("SELECT count(*) FROM annals.outbox"), "1");
}

TEST_F(OutboxSchema, HoldsTheLimitsForWritersInOtherLanguages) {
  const std::vector<std::pair<std::string, std::string>> bad{{"topic", "''"},
                                                             {"topic", "'.'"},
                                                             {"topic", "'..'"},
                                                             {"topic", "'a b'"},
                                                             {"topic", "E'a\\n'"},
                                                             {"topic", "repeat('t', 250)"},
                                                             {"topic", "NULL"},
                                                             {"key", "''"},
                                                             {"key", "repeat('k', 1025)"},
                                                             {"type", "''"},
                                                             {"type", "repeat('y', 257)"},
                                                             {"content_type", "3"},
                                                             {"content_type", "-1"},
                                                             {"payload", "NULL"},
                                                             {"message_id", "'00000000-0000-0000-0000-000000000000'"},
                                                             {"headers", "ARRAY['odd']"},
                                                             {"headers", "ARRAY['n', NULL]"},
                                                             {"headers", "ARRAY[['a','b'],['c','d']]"},
                                                             {"headers", "'[5:6]={a,b}'"},
                                                             {"headers", "ARRAY['', 'v']"},
                                                             {"headers", "ARRAY['n', 'v', 'CE_id', 'v']"},
                                                             {"headers", "ARRAY['content-type', 'v']"},
                                                             {"headers", "ARRAY['traceparent', 'v']"},
                                                             {"headers", "ARRAY['TraceState', 'v']"},
                                                             {"headers", "ARRAY['n', repeat('v', 8193)]"},
                                                             {"headers", "ARRAY[repeat('n', 129), 'v']"},
                                                             {"headers", "array_fill('x'::text, ARRAY[130])"},
                                                             {"payload", "repeat('x', 16777217)::bytea"},
                                                             {"occurred_at", "'infinity'"},
                                                             {"occurred_at", "'10000-01-01 00:00:00+00'"}};
  for (const auto& [column, value] : bad) EXPECT_THROW(execute(insert(column, value)), Error) << column << " " << value;
  for (const auto& [column, value] : std::vector<std::pair<std::string, std::string>>{{"", ""},
                                                                                      {"topic", "repeat('t', 249)"},
                                                                                      {"key", "NULL"},
                                                                                      {"headers", "ARRAY['n', '']"},
                                                                                      {"headers", "'{}'"}}) {
    EXPECT_NO_THROW(execute(insert(column, value))) << column << " " << value;
  }
}

TEST_F(OutboxSchema, HoldsAnOperatorsReasonToItsLimits) {
  const auto skip = [](const std::string& reason) {
    return "INSERT INTO annals.relay_decisions (relay, log, position, message_id, action, reason) VALUES ('r', "
           "'outbox', 1, "
           "gen_random_uuid(), 'skip', " +
           reason + ")";
  };
  EXPECT_THROW(execute(skip("''")), Error);
  EXPECT_THROW(execute(skip("repeat('x', 1025)")), Error);
  EXPECT_NO_THROW(execute(skip("repeat('x', 1024)")));
}

// Logical replication applies a change row by row, and fires no statement trigger.
TEST_F(OutboxSchema, HasARowTriggerThatAlwaysRefusesChanges) {
  enqueue("k", "x");
  execute("ALTER TABLE annals.outbox DISABLE TRIGGER outbox_append_only");
  for (const auto* sql : {"UPDATE annals.outbox SET type = 'z'", "DELETE FROM annals.outbox"}) {
    EXPECT_THAT(refusal("SET session_replication_role = replica; " + std::string{sql}), HasSubstr("append-only"))
        << sql;
  }
}

TEST_F(OutboxSchema, LetsAWriterInsertAndNothingElse) {
  EXPECT_GT(enqueue("k", "x"), 0);
  for (const auto* sql : {"DELETE FROM annals.outbox", "UPDATE annals.outbox SET topic = 'x'", "TRUNCATE annals.outbox",
                          "SELECT * FROM annals.relay_checkpoints"}) {
    EXPECT_EQ(error_of([&] { postgres::Connection{database_.as("writer")}.execute(sql); }).sqlstate(), "42501") << sql;
  }
}

}  // namespace
}  // namespace annals::tests
