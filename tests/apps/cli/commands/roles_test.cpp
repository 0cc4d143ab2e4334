// The grants that `schema print-sql --roles` prints are enough for each component and for nothing else.
#include "annals/core/error.hpp"
#include "cli_test.hpp"

namespace annals::tests {
namespace {

class Roles : public CliTest {
 protected:
  Roles() {
    auto owner = connect();
    for (const auto* role : {"writer", "relay", "projector", "reader"}) {
      names_[role] = "t_" + std::string{role} + "_" + database_name().substr(5);
      owner.execute("CREATE ROLE " + names_[role] + " LOGIN");
    }
    const auto grants = run({"schema", "print-sql", "--roles", "--writer", names_["writer"], "--relay", names_["relay"],
                             "--projector", names_["projector"], "--reader", names_["reader"]});
    EXPECT_EQ(grants.code, 0) << grants.err;
    owner.execute(grants.out);
  }
  ~Roles() override {
    auto owner = connect();
    for (const auto& [role, name] : names_) owner.execute("DROP OWNED BY " + name + "; DROP ROLE " + name);
  }

  [[nodiscard]] std::string database_name() const {
    auto name = connect().query("SELECT current_database()::text").text(0, 0);
    return name.substr(0, 50);
  }
  [[nodiscard]] postgres::Database as(const std::string& role) const {
    auto database = database_.database();
    const auto at = database.conninfo.find("user=");
    const auto end = database.conninfo.find('&', at);
    database.conninfo.replace(at, end == std::string::npos ? end : end - at, "user=" + names_.at(role));
    return database;
  }
  [[nodiscard]] Finished annals_as(const std::string& role, Arguments arguments, const std::string& input = {}) const {
    arguments.insert(arguments.begin(), {"--database", as(role).conninfo});
    return run(arguments, input);
  }
  [[nodiscard]] std::string sqlstate(const std::string& role, const std::string& sql) const {
    try {
      postgres::Connection{as(role)}.execute(sql);
      return {};
    } catch (const Error& error) {
      return error.sqlstate();
    }
  }

  std::map<std::string, std::string> names_;
};

TEST_F(Roles, LetEachDoItsWork) {
  EXPECT_EQ(annals_as("writer", {"stream", "append", "a", "--type", "T"}).err, "");
  EXPECT_EQ(annals_as("writer", {"stream", "append", "a", "--type", "T", "--expected", "1"}).err, "");
  EXPECT_EQ(annals_as("writer", {"events", "import", "-"},
                      R"({"stream":"a","type":"T","data":1})"
                      "\n")
                .err,
            "");
  EXPECT_EQ(annals_as("writer", {"stream", "show", "a"}).err, "");
  EXPECT_EQ(sqlstate("writer",
                     "INSERT INTO annals.outbox (message_id, content_type, topic, type, payload) "
                     "VALUES (gen_random_uuid(), 1, 't', 'T', '') RETURNING position"),
            "");
  EXPECT_EQ(annals_as("relay", {"relay", "adopt", "relay", "--position", "1", "--yes"}).err, "");
  EXPECT_EQ(annals_as("relay", {"relay", "adopt", "relay", "--log", "events", "--position", "2", "--yes"}).err, "");
  EXPECT_EQ(annals_as("relay", {"all", "tail"}).err, "");
  EXPECT_EQ(annals_as("projector", {"all", "tail"}).err, "");
  EXPECT_EQ(sqlstate("projector",
                     "INSERT INTO annals.projections (name, version, system_identifier) VALUES ('p', 1, '1'); "
                     "SELECT FROM annals.projections WHERE name = 'p' FOR UPDATE; "
                     "UPDATE annals.projections SET updated_at = clock_timestamp(); "
                     "INSERT INTO annals.inbox_offsets (consumer, topic, partition, next_offset, origin) VALUES ('c', "
                     "'t', 0, 0, 'k') "
                     "ON CONFLICT DO NOTHING; UPDATE annals.inbox_offsets SET next_offset = 1; "
                     "INSERT INTO annals.inbox_messages (consumer, source, message_id) VALUES ('c', 's', 'm'); "
                     "DELETE FROM annals.inbox_messages"),
            "");
  EXPECT_EQ(annals_as("projector", {"projection", "reset", "p", "--yes"}).code, 0);
  connect().execute("DELETE FROM annals.projections");  // doctor would rightly object to its cluster
  for (const Arguments& command : {Arguments{"doctor"},
                                   {"relay", "status"},
                                   {"outbox", "status"},
                                   {"events", "export"},
                                   {"stream", "list"},
                                   {"schema", "validate"}}) {
    const auto finished = annals_as("reader", command);
    EXPECT_EQ(finished.code, 0) << testing::PrintToString(command) << finished.out << finished.err;
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
      {"relay",
       "INSERT INTO annals.outbox (message_id, content_type, topic, type, payload) "
       "VALUES (gen_random_uuid(), 1, 't', 'T', '')"},
      {"relay", "DELETE FROM annals.relay_checkpoints"},
      {"relay", "INSERT INTO annals.streams (name, version) VALUES ('x', 1)"},
      {"projector", "INSERT INTO annals.streams (name, version) VALUES ('x', 1)"},
      {"projector", "SELECT * FROM annals.outbox"},
      {"projector", "DELETE FROM annals.projections"},
      {"projector", "UPDATE annals.inbox_messages SET source = 'x'"},
      {"projector", "SELECT * FROM annals.relay_checkpoints"},
      {"reader", "INSERT INTO annals.streams (name, version) VALUES ('x', 1)"},
      {"reader", "UPDATE annals.relay_checkpoints SET position = 1"},
  };
  for (const auto& one : cases) EXPECT_EQ(sqlstate(one.role, one.sql), "42501") << one.role << ": " << one.sql;
  EXPECT_EQ(annals_as("reader", {"stream", "append", "a", "--type", "T"}).code, 3);
}

}  // namespace
}  // namespace annals::tests
