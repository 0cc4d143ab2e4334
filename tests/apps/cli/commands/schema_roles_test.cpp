#include <fmt/format.h>

#include "annals/core/error.hpp"
#include "annals/core/event_id.hpp"
#include "annals/eventstore/schema.hpp"
#include "annals/postgres/migrator.hpp"
#include "cli_test.hpp"

namespace annals::tests {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

/// A database that belongs to a role, and roles without any right, gone at the end.
class SchemaRoles : public CliTest {
 protected:
  explicit SchemaRoles(bool apply_schema = true) : CliTest(TempDatabase::Schema::none) {
    for (const auto* name : {"owner", "shop", "ops", "group"}) {
      connect().execute("CREATE ROLE " + role(name) + " LOGIN");
      made_.emplace_back(role(name));
    }
    auto database = connect();
    database.execute("GRANT CREATE ON DATABASE " + database.query("SELECT current_database()::text").text(0, 0) +
                     " TO " + role("owner"));
    if (apply_schema) {
      EXPECT_EQ(as_owner({"schema", "apply"}).code, 0);
    }
  }
  ~SchemaRoles() override {
    auto database = connect();
    for (const auto& name : made_) database.execute("DROP OWNED BY " + name + " CASCADE");
    for (const auto& name : made_) database.execute("DROP ROLE " + name);
  }

  [[nodiscard]] std::string role(const std::string& name) const { return "t" + suffix_ + "_" + name; }
  [[nodiscard]] postgres::Database as_role(const std::string& login) const {
    auto database = database_.superuser();
    const auto at = database.conninfo.find("user=annals");
    database.conninfo.replace(at, std::string{"user=annals"}.size(), "user=" + login);
    return database;
  }
  [[nodiscard]] Finished as_login(const std::string& login, Arguments arguments) const {
    arguments.insert(arguments.begin(), {"--database", as_role(login).conninfo});
    return run(arguments);
  }
  [[nodiscard]] Finished as_owner(const Arguments& arguments) const { return as_login(role("owner"), arguments); }
  [[nodiscard]] Finished apply(const Arguments& options) const {
    Arguments command{"-o", "jsonl", "schema", "roles", "apply"};
    command.insert(command.end(), options.begin(), options.end());
    return as_owner(command);
  }
  /// Everything that anybody but the owner may do, as PostgreSQL shows it.
  [[nodiscard]] std::string rights() const {
    return connect()
        .query(
            "SELECT string_agg(c.oid::regclass || coalesce(c.relacl::text, '') || coalesce(a.acl, ''), E'\\n' "
            "ORDER BY c.oid) FROM pg_class c LEFT JOIN LATERAL (SELECT string_agg(attname || attacl::text, ',' ORDER "
            "BY "
            "attnum) FROM pg_attribute WHERE attrelid = c.oid) a (acl) ON true WHERE relnamespace IN "
            "('annals'::regnamespace, to_regnamespace('annals_read')) AND c.relkind <> 'i'")
        .text(0, 0);
  }
  [[nodiscard]] static std::string sqlstate(postgres::Connection& session, const std::string& sql) {
    try {
      session.execute(sql);
      return {};
    } catch (const Error& error) {
      return error.sqlstate();
    }
  }

  std::string suffix_ = EventId::generate().to_string().substr(24);
  std::vector<std::string> made_;
};

TEST_F(SchemaRoles, EndWithExactlyTheMatrixWhateverTheyHad) {
  const auto first = apply({"--writer", role("shop"), "--reader", role("ops")});
  EXPECT_EQ(first.code, 0) << first.err;
  EXPECT_THAT(first.out,
              HasSubstr(fmt::format(
                  R"json({{"change":"granted","right":"UPDATE","on":"annals.streams (version)","role":"{}"}})json",
                  role("shop"))));
  const auto exact = rights();
  connect().execute(fmt::format(
      "GRANT ALL ON ALL TABLES IN SCHEMA annals TO {0} WITH GRANT OPTION; "
      "GRANT ALL ON ALL SEQUENCES IN SCHEMA annals TO {0}; GRANT CREATE ON SCHEMA annals TO {0}; "
      "GRANT ALL ON annals_read.events TO {1}; GRANT UPDATE (data) ON annals.events TO {1}; "
      "GRANT SELECT ON annals.outbox TO PUBLIC; GRANT USAGE, CREATE ON SCHEMA annals, annals_read TO PUBLIC",
      role("shop"), role("ops")));
  EXPECT_NE(rights(), exact);
  const auto again = apply({"--writer", role("shop"), "--reader", role("ops")});
  EXPECT_EQ(again.code, 0) << again.err;
  EXPECT_EQ(rights(), exact);
  for (const auto* schema : {"annals", "annals_read"}) {
    for (const auto* right : {"USAGE", "CREATE"}) {
      EXPECT_THAT(again.out,
                  HasSubstr(fmt::format(R"json("change":"revoked","right":"{}","on":"{}","role":"PUBLIC")json", right,
                                        schema)));
    }
  }
  EXPECT_THAT(again.out, AllOf(HasSubstr(R"("change":"revoked","right":"SELECT","on":"annals.outbox","role":"PUBLIC")"),
                               HasSubstr(R"json("right":"UPDATE","on":"annals.events (data)")json"),
                               HasSubstr(R"("right":"CREATE","on":"annals")"), Not(HasSubstr("granted"))));
  const auto third = apply({"--writer", role("shop"), "--reader", role("ops")});
  EXPECT_EQ(third.out, "");
  EXPECT_THAT(third.err, HasSubstr("exactly their rights on schema \"annals\" already"));
}

TEST_F(SchemaRoles, ArePrintedAsTheyAreApplied) {
  const Arguments named{"--writer", role("shop"), "--projector", role("shop"), "--doctor", role("ops")};
  EXPECT_EQ(apply(named).code, 0);
  const auto exact = rights();
  connect().execute("GRANT ALL ON ALL TABLES IN SCHEMA annals TO " + role("ops"));
  Arguments command{"schema", "roles", "print-sql", "--owner", role("owner")};
  command.insert(command.end(), named.begin(), named.end());
  const auto script = run(command);
  EXPECT_EQ(script.code, 0) << script.err;
  connect().execute(script.out);
  EXPECT_EQ(rights(), exact);
}

TEST_F(SchemaRoles, MayBeAppliedByManyAtOnce) {
  const Arguments command{
      "--database", as_role(role("owner")).conninfo, "schema", "roles", "apply", "--writer", role("shop"), "--reader",
      role("ops")};
  Program first{command};
  Program second{command};
  Program third{command};
  for (auto* program : {&first, &second, &third}) {
    const auto finished = program->finish();
    EXPECT_EQ(finished.code, 0) << finished.err;
  }
}

TEST_F(SchemaRoles, NeedTheOwnerAndNoSuperuser) {
  const Arguments command{"schema", "roles", "apply", "--writer", role("shop")};
  const auto stranger = as_login("annals_migrator", command);
  EXPECT_EQ(stranger.code, 2);
  EXPECT_THAT(stranger.err, HasSubstr("repeat with --owner " + role("owner")));
  Arguments owned = command;
  owned.insert(owned.end(), {"--owner", role("owner")});
  const auto outside = as_login("annals_migrator", owned);
  EXPECT_EQ(outside.code, 2);
  const auto remedy = fmt::format("GRANT {} TO annals_migrator", role("owner"));
  EXPECT_THAT(outside.err, HasSubstr(remedy));
  connect().execute(remedy);
  const auto done = as_login("annals_migrator", owned);
  EXPECT_EQ(done.code, 0) << done.err;
}

TEST_F(SchemaRoles, RefuseARoleThatTheMatrixCannotHold) {
  const struct {
    std::string prepare;
    std::string said;
    int code;
    std::string remedy;
  } cases[] = {
      {"ALTER ROLE {} SUPERUSER", "is a superuser", 2, "ALTER ROLE {} NOSUPERUSER"},
      {"GRANT " + role("owner") + " TO {}", "nobody owns and serves", 2, "REVOKE " + role("owner") + " FROM {}"},
      {"GRANT DELETE ON annals.projections TO " + role("group") + "; GRANT " + role("group") + " TO {}",
       "by way of role \"" + role("group") + "\"", 2, "REVOKE \"" + role("group") + "\" FROM {}"},
      {"GRANT pg_write_all_data TO {}", "by way of role \"pg_write_all_data\"", 2,
       "REVOKE \"pg_write_all_data\" FROM {}"},
      {"GRANT USAGE ON SCHEMA annals TO " + role("group") + "; GRANT SELECT ON annals.events TO " + role("group") +
           " WITH GRANT OPTION; SET ROLE " + role("group") + "; GRANT SELECT ON annals.events TO {}",
       "handed on", 2, "REVOKE ALL ON ALL TABLES IN SCHEMA annals FROM \"" + role("group") + "\" CASCADE"},
      {"ALTER ROLE {} REPLICATION", "has REPLICATION", 2, "ALTER ROLE {} NOREPLICATION"},
      {"ALTER ROLE {} BYPASSRLS", "has BYPASSRLS", 2, "ALTER ROLE {} NOBYPASSRLS"},
      {"ALTER ROLE " + role("group") + " REPLICATION; GRANT " + role("group") + " TO {}",
       "by way of role \"" + role("group") + "\"", 2, "REVOKE \"" + role("group") + "\" FROM {}"},
  };
  const bool has_data_roles = number("SELECT current_setting('server_version_num')::int8") >= 140000;
  for (const auto& one : cases) {
    if (!has_data_roles && one.prepare.find("pg_write_all_data") != std::string::npos) continue;
    connect().execute(fmt::format(fmt::runtime(one.prepare), role("shop")));
    const auto before = rights();
    const auto refused = apply({"--writer", role("shop")});
    EXPECT_EQ(refused.code, one.code) << one.prepare << refused.err;
    EXPECT_THAT(refused.err, HasSubstr(one.said));
    EXPECT_EQ(rights(), before) << "nothing is changed";
    const auto remedy = fmt::format(fmt::runtime(one.remedy), role("shop"));
    if (one.said != "nobody owns and serves") {
      EXPECT_THAT(refused.err, HasSubstr(remedy));
    }
    connect().execute(remedy);
    const auto done = apply({"--writer", role("shop")});
    EXPECT_EQ(done.code, 0) << remedy << done.err;
  }
}

TEST_F(SchemaRoles, RefuseARoleThatReachesTheServerItself) {
  const auto version = number("SELECT current_setting('server_version_num')::int8");
  for (const std::string name : {"pg_execute_server_program", "pg_read_server_files", "pg_write_server_files",
                                 "pg_signal_backend", "pg_create_subscription"}) {
    if (name == "pg_create_subscription" && version < 160000) continue;
    connect().execute("GRANT " + name + " TO " + role("shop"));
    const auto refused = apply({"--writer", role("shop")});
    EXPECT_EQ(refused.code, 2) << name << refused.err;
    const auto remedy = fmt::format("REVOKE \"{}\" FROM {}", name, role("shop"));
    EXPECT_THAT(refused.err, HasSubstr(remedy));
    connect().execute(remedy);
    const auto done = apply({"--writer", role("shop")});
    EXPECT_EQ(done.code, 0) << done.err;
  }
}

/// From version 16 on who may make roles may take on those only that were given to him to give away.
TEST_F(SchemaRoles, RefuseARoleThatMayMakeRolesWhereItMayTakeOnTheOwner) {
  const bool takes_any = number("SELECT current_setting('server_version_num')::int8") < 160000;
  connect().execute("ALTER ROLE " + role("shop") + " CREATEROLE");
  postgres::Connection session{as_role(role("shop"))};
  EXPECT_EQ(sqlstate(session, fmt::format("BEGIN; GRANT {} TO {}", role("owner"), role("shop"))),
            takes_any ? "" : "42501");
  session.execute("ROLLBACK");
  const auto refused = apply({"--writer", role("shop")});
  EXPECT_EQ(refused.code, takes_any ? 2 : 0) << refused.err;
  if (takes_any) {
    const auto remedy = fmt::format("ALTER ROLE {} NOCREATEROLE", role("shop"));
    EXPECT_THAT(refused.err,
                AllOf(HasSubstr("has CREATEROLE: before PostgreSQL 16 it may take on"), HasSubstr(remedy)));
    connect().execute(remedy);
  }
  EXPECT_EQ(apply({"--writer", role("shop")}).code, 0);
}

TEST_F(SchemaRoles, RefuseARoleThatIsNotThere) {
  const auto refused = apply({"--writer", role("new")});
  EXPECT_EQ(refused.code, 3);
  const auto remedy = "CREATE ROLE " + role("new") + " LOGIN";
  EXPECT_THAT(refused.err, AllOf(HasSubstr("there is no role"), HasSubstr(remedy)));
  connect().execute(remedy);
  made_.emplace_back(role("new"));
  EXPECT_EQ(apply({"--writer", role("new")}).code, 0);
}

TEST_F(SchemaRoles, SayWhatTheDoctorLacks) {
  const auto first = apply({"--doctor", role("ops")});
  EXPECT_EQ(first.code, 0);
  const auto remedy = "GRANT pg_read_all_stats TO " + role("ops");
  EXPECT_THAT(first.err, HasSubstr(remedy));
  connect().execute(remedy);
  EXPECT_THAT(apply({"--doctor", role("ops")}).err, Not(HasSubstr("pg_read_all_stats")));
  connect().execute("REVOKE pg_read_all_stats FROM " + role("ops"));
  // Who may grant it does.
  const auto superuser =
      as_login("annals", {"schema", "roles", "apply", "--owner", role("owner"), "--doctor", role("ops")});
  EXPECT_EQ(superuser.code, 0);
  EXPECT_EQ(superuser.err, "the roles have exactly their rights on schema \"annals\" already\n");
  EXPECT_EQ(as_login(role("ops"), {"doctor"}).code, 0);
}

TEST_F(SchemaRoles, SayWhoWasNotNamedAndKeepsRights) {
  EXPECT_EQ(apply({"--writer", role("shop")}).code, 0);
  const auto other = apply({"--reader", role("ops")});
  EXPECT_THAT(other.err, HasSubstr("role \"" + role("shop") + "\" was not named and keeps its rights"));
}

TEST_F(SchemaRoles, GiveReadersViewsThroughWhichNobodyLocksTheLog) {
  EXPECT_EQ(apply({"--reader", role("ops"), "--consumer", role("shop")}).code, 0);
  auto holder = connect();
  holder.execute("BEGIN; LOCK TABLE annals.events, annals.streams, annals.outbox IN SHARE MODE");  // no writer gets in
  auto database = as_role(role("ops"));
  database.lock_timeout = std::chrono::milliseconds{100};
  postgres::Connection reader{database};
  for (const std::string view : {"annals_read.events", "annals_read.streams", "annals_read.outbox"}) {
    EXPECT_EQ(sqlstate(reader, "SELECT * FROM " + view), "");
    const auto* column = view == "annals_read.streams" ? "stream_id" : "position";
    for (const auto& sql : {fmt::format("INSERT INTO {} ({}) VALUES (1)", view, column),
                            fmt::format("UPDATE {0} SET {1} = 1", view, column), "DELETE FROM " + view,
                            fmt::format("PREPARE w AS INSERT INTO {} ({}) VALUES (1)", view, column),
                            fmt::format("BEGIN; LOCK TABLE {} IN ROW EXCLUSIVE MODE", view)}) {
      // Refused, for the view or for the right; never after a wait for the table's lock (55P03).
      EXPECT_THAT(sqlstate(reader, sql), testing::AnyOf("55000", "42501", "")) << sql;
      (void)sqlstate(reader, "ROLLBACK");
      (void)sqlstate(reader, "DEALLOCATE w");
    }
  }
  EXPECT_EQ(sqlstate(reader, "PREPARE w AS INSERT INTO annals.events (type) VALUES ('x')"), "42501");
  // The control: who has USAGE on the log's schema waits for the lock, and would have it.
  database = as_role(role("shop"));
  database.lock_timeout = std::chrono::milliseconds{100};
  postgres::Connection program{database};
  EXPECT_EQ(sqlstate(program, "PREPARE w AS INSERT INTO annals.events (type) VALUES ('x')"), "55P03");
  // And another control: a view of one table is written through.
  connect().execute(
      "CREATE VIEW annals_read.careless AS SELECT * FROM annals.events; GRANT SELECT ON annals_read.careless TO " +
      role("ops"));
  EXPECT_EQ(sqlstate(reader, "PREPARE w AS INSERT INTO annals_read.careless (type) VALUES ('x')"), "55P03");
}

TEST_F(SchemaRoles, RefuseAReadSchemaThatSomebodyElseMade) {
  connect().execute("CREATE SCHEMA annals_read");
  const auto refused = apply({"--reader", role("ops")});
  EXPECT_NE(refused.code, 0);
  EXPECT_THAT(refused.err, HasSubstr("schema \"annals_read\" is owned by \"annals\""));
  connect().execute("DROP SCHEMA annals_read");
  EXPECT_EQ(apply({"--reader", role("ops")}).code, 0);
}

TEST(SchemaRolesWords, AreNoRoles) {
  for (const auto* word : {"public", "current_user", "session_user", "none", "w; DROP"}) {
    for (const auto* command : {"apply", "print-sql"}) {
      const auto finished = run({"schema", "roles", command, "--database", "host=/nowhere", "--writer", word});
      EXPECT_EQ(finished.code, 2) << word;
      EXPECT_EQ(finished.out, "") << word;
    }
  }
}

TEST(SchemaRolesScript, NamesTheUsualRolesUnlessOthersAreNamed) {
  const auto all = run({"schema", "roles", "print-sql"});
  for (const auto* role : {"annals_writer", "annals_relay", "annals_projector", "annals_consumer", "annals_reader",
                           "annals_operator", "annals_doctor"}) {
    EXPECT_THAT(all.out, HasSubstr(role));
  }
  EXPECT_THAT(run({"schema", "roles", "print-sql", "--reader", "bi"}).out,
              AllOf(HasSubstr("TO bi;"), Not(HasSubstr("INSERT")), Not(HasSubstr("annals_writer"))));
}

class SchemaRolesOfSomeModules : public SchemaRoles {
 protected:
  SchemaRolesOfSomeModules() : SchemaRoles(false) {}
};

TEST_F(SchemaRolesOfSomeModules, AreGivenForWhatIsInstalled) {
  const auto missing = apply({"--writer", role("shop")});
  EXPECT_EQ(missing.code, 3);
  EXPECT_THAT(missing.err, HasSubstr("annals schema apply"));
  postgres::Migrator{as_role(role("owner")), {eventstore::schema()}}.apply();
  const auto finished = apply({"--writer", role("shop"), "--consumer", role("shop"), "--reader", role("ops")});
  EXPECT_EQ(finished.code, 0) << finished.err;
  EXPECT_THAT(finished.out, AllOf(HasSubstr("annals.events"), HasSubstr("annals_read.events"), Not(HasSubstr("outbox")),
                                  Not(HasSubstr("inbox"))));
}

}  // namespace
}  // namespace annals::tests
