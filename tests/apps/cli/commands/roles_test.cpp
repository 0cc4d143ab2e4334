// What `annals schema roles apply` gives is enough for each component and for nothing else. The cells one by one are
// tests/docs/roles_test.py's.
#include "annals/core/error.hpp"
#include "cli_test.hpp"

namespace annals::tests {
namespace {

class Roles : public CliTest {
 protected:
  [[nodiscard]] Finished annals_as(const std::string& role, Arguments arguments, const std::string& input = {}) const {
    arguments.insert(arguments.begin(), {"--database", database_.uri(role)});
    return run(arguments, input);
  }
  [[nodiscard]] std::string sqlstate(const std::string& role, const std::string& sql) const {
    try {
      postgres::Connection{database_.as(role)}.execute(sql);
      return {};
    } catch (const Error& error) {
      return error.sqlstate();
    }
  }
  void expect_success(const std::string& role, const std::vector<Arguments>& commands) const {
    for (const auto& command : commands) {
      const auto finished = annals_as(role, command);
      EXPECT_EQ(finished.code, 0) << role << testing::PrintToString(command) << finished.out << finished.err;
    }
  }
};

constexpr const char* enqueue =
    "INSERT INTO annals.outbox (message_id, content_type, topic, type, payload) "
    "VALUES ('0192f3a0-0000-7000-8000-000000000001', 1, 't', 'T', '') RETURNING position";

TEST_F(Roles, LetEachDoItsWork) {
  expect_success("writer", {{"stream", "append", "a", "--type", "T"},
                            {"stream", "append", "a", "--type", "T", "--expected", "1"},
                            {"stream", "show", "a"}});
  EXPECT_EQ(annals_as("writer", {"events", "import", "-"}, "{\"stream\":\"a\",\"type\":\"T\",\"data\":1}\n").err, "");
  EXPECT_EQ(sqlstate("writer", enqueue), "");
  EXPECT_EQ(sqlstate("projector",
                     "INSERT INTO annals.projections (name, version, system_identifier) VALUES ('p', 1, '1'); "
                     "SELECT FROM annals.projections WHERE name = 'p' FOR UPDATE; "
                     "UPDATE annals.projections SET updated_at = clock_timestamp()"),
            "");
  EXPECT_EQ(
      sqlstate("consumer",
               "INSERT INTO annals.inbox_offsets (consumer, topic, partition, next_offset, origin) "
               "VALUES ('c', 't', 0, 0, 'k') ON CONFLICT DO NOTHING; "
               "SELECT FROM annals.inbox_offsets FOR NO KEY UPDATE; UPDATE annals.inbox_offsets SET next_offset = 1; "
               "INSERT INTO annals.inbox_messages (consumer, source, message_id) VALUES ('c', 's', 'm'); "
               "DELETE FROM annals.inbox_messages"),
      "");
  expect_success("relay", {{"all", "tail"}});
  expect_success("projector", {{"all", "tail"}});
  expect_success("operator", {{"relay", "adopt", "relay", "--position", "0", "--yes"},
                              {"relay", "adopt", "relay", "--log", "events", "--position", "2", "--yes"},
                              {"relay", "skip", "relay", "--position", "1", "--id",
                               "0192f3a0-0000-7000-8000-000000000001", "--reason", "x"},
                              {"relay", "status"},
                              {"projection", "reset", "p", "--yes"},
                              {"all", "tail"},
                              {"events", "export"},
                              {"stream", "check"}});
  connect().execute("DELETE FROM annals.projections");  // doctor would rightly object to its cluster
  expect_success("doctor", {{"doctor"},
                            {"relay", "status"},
                            {"projection", "list"},
                            {"outbox", "status"},
                            {"events", "export"},
                            {"stream", "list"},
                            {"all", "tail"},
                            {"schema", "validate"}});
  for (const auto* view :
       {"streams", "events", "outbox", "relays", "relay_decisions", "relay_parked", "projections", "inbox_offsets"}) {
    EXPECT_EQ(sqlstate("reader", std::string{"SELECT * FROM annals_read."} + view), "") << view;
  }
}

TEST_F(Roles, RefuseEverythingElse) {
  const struct {
    const char* role;
    const char* sql;
  } cases[] = {
      {"writer", "UPDATE annals.events SET type = 'x'"},
      {"writer", "DELETE FROM annals.events"},
      {"writer", "TRUNCATE annals.events CASCADE"},
      {"writer", "UPDATE annals.streams SET name = 'x'"},
      {"writer", "DELETE FROM annals.streams"},
      {"writer", "UPDATE annals.outbox SET topic = 'x'"},
      {"writer", "UPDATE annals.relay_checkpoints SET position = 1"},
      {"writer", "INSERT INTO annals.streams (stream_id, name, version) OVERRIDING SYSTEM VALUE VALUES (9, 'x', 1)"},
      {"writer", "INSERT INTO annals.streams (name, version, created_at) VALUES ('x', 1, now())"},
      {"writer",
       "INSERT INTO annals.events (position, stream_id, version, event_id, content_type, type, data) OVERRIDING SYSTEM "
       "VALUE VALUES (9000000000, 1, 1, gen_random_uuid(), 1, 'T', '')"},
      {"writer",
       "INSERT INTO annals.events (stream_id, version, event_id, content_type, type, data, recorded_at) VALUES (1, 1, "
       "gen_random_uuid(), 1, 'T', '', now())"},
      {"writer",
       "INSERT INTO annals.outbox (position, message_id, content_type, topic, type, payload) OVERRIDING SYSTEM VALUE "
       "VALUES (9000000000, gen_random_uuid(), 1, 't', 'T', '')"},
      {"writer", "SELECT setval('annals.events_position_seq', 1)"},
      {"writer", "ALTER TABLE annals.events DISABLE TRIGGER ALL"},
      {"writer", "CREATE TABLE annals.mine (a int)"},
      {"relay", enqueue},
      {"relay", "DELETE FROM annals.relay_decisions"},
      {"relay",
       "INSERT INTO annals.relay_decisions (relay, log, position, message_id, action, reason) VALUES ('r', 'outbox', "
       "1, "
       "gen_random_uuid(), 'skip', 'x')"},
      {"relay", "INSERT INTO annals.streams (name, version) VALUES ('x', 1)"},
      {"projector", "INSERT INTO annals.streams (name, version) VALUES ('x', 1)"},
      {"projector", "SELECT * FROM annals.outbox"},
      {"projector", "DELETE FROM annals.projections"},
      {"projector", "SELECT * FROM annals.inbox_offsets"},
      {"consumer", "UPDATE annals.inbox_messages SET source = 'x'"},
      {"consumer", "SELECT * FROM annals.events"},
      {"consumer", "SELECT * FROM annals.relay_checkpoints"},
      {"operator",
       "INSERT INTO annals.relay_decisions (relay, log, position, message_id, action, reason, decided_by) "
       "VALUES ('r', 'outbox', 1, gen_random_uuid(), 'skip', 'x', 'somebody_else')"},
      {"operator", "UPDATE annals.relay_parked SET done_at = now(), outcome = 'skipped'"},
      {"operator", "DELETE FROM annals.relay_parked"},
      {"operator", "DELETE FROM annals.relay_decisions"},
      {"operator", "UPDATE annals.projections SET version = 2"},
      {"operator", "UPDATE annals.inbox_offsets SET origin = 'x'"},
      {"operator",
       "INSERT INTO annals.inbox_offsets (consumer, topic, partition, next_offset, origin) VALUES ('c', 't', 1, "
       "0, 'k')"},
      {"operator", "SELECT nextval('annals.events_position_seq')"},
      {"doctor", "SELECT nextval('annals.outbox_position_seq')"},
      {"doctor", "SELECT setval('annals.outbox_position_seq', 1)"},
      {"doctor", "UPDATE annals.relay_checkpoints SET position = 1"},
      {"reader", "SELECT * FROM annals.events"},
      {"reader", "CREATE TABLE annals_read.mine (a int)"},
  };
  for (const auto& one : cases) EXPECT_EQ(sqlstate(one.role, one.sql), "42501") << one.role << ": " << one.sql;
  EXPECT_EQ(annals_as("doctor", {"stream", "append", "a", "--type", "T"}).code, 3);
}

}  // namespace
}  // namespace annals::tests
