#include <fmt/format.h>

#include <thread>

#include "store_test.hpp"

using namespace annals;
using namespace annals::eventstore;
using namespace std::chrono_literals;
using testing::HasSubstr;

namespace {

class AppendOnly : public StoreTest {
 protected:
  AppendOnly() { (void)store_.append(stream_, ExpectedVersion::any(), {event("a")}); }
};

/// A database with the same tables, changeable, whose changes are published.
class Publisher {
 public:
  Publisher() {
    execute("DROP TRIGGER append_only ON annals.events; DROP TRIGGER IF EXISTS append_only_row ON annals.events");
    execute("CREATE PUBLICATION events FOR TABLE annals.events");
  }
  ~Publisher() {
    // The sender of a subscription that is gone may hold the slot for a moment longer.
    for (const auto deadline = std::chrono::steady_clock::now() + 10s; std::chrono::steady_clock::now() < deadline;) {
      try {
        execute(
            "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE database = current_database()");
        return;
      } catch (const Error& error) {
        fmt::print(stderr, "the slot stays for now: {}\n", error.what());
        std::this_thread::sleep_for(20ms);
      }
    }
  }
  Publisher(const Publisher&) = delete;
  Publisher& operator=(const Publisher&) = delete;
  void execute(const std::string& sql) { connection_.execute(sql); }
  /// What is committed from now on is published, under the database's name.
  void start() { execute("SELECT pg_create_logical_replication_slot(current_database(), 'pgoutput')"); }
  [[nodiscard]] const std::string& uri() const { return temp_.superuser().conninfo; }
  [[nodiscard]] std::string slot() { return connection_.query("SELECT current_database()::text").text(0, 0); }

 private:
  tests::TempDatabase temp_;
  postgres::Connection connection_{temp_.superuser()};
};

/// Applies a publisher's changes to a database; named as that database, for names are the cluster's.
class Subscription {
 public:
  Subscription(postgres::Connection& connection, Publisher& publisher) : connection_(connection) {
    name_ = connection.query("SELECT current_database()::text").text(0, 0);
    connection_.execute("CREATE SUBSCRIPTION " + name_ + " CONNECTION '" + publisher.uri() +
                        "' PUBLICATION events WITH (create_slot = false, copy_data = false, slot_name = '" +
                        publisher.slot() + "')");
  }
  ~Subscription() {
    try {
      connection_.execute("ALTER SUBSCRIPTION " + name_ + " DISABLE");
      connection_.execute("ALTER SUBSCRIPTION " + name_ + " SET (slot_name = NONE)");
      connection_.execute("DROP SUBSCRIPTION " + name_);
    } catch (const std::exception& error) {
      fmt::print(stderr, "could not drop subscription {}: {}\n", name_, error.what());
    }
  }
  Subscription(const Subscription&) = delete;
  Subscription& operator=(const Subscription&) = delete;

 private:
  postgres::Connection& connection_;
  std::string name_;
};

}  // namespace

TEST_F(AppendOnly, RefusesEveryOtherStatement) {
  for (const auto* sql : {"UPDATE annals.events SET type = 'b'", "DELETE FROM annals.events", "TRUNCATE annals.events",
                          "DELETE FROM annals.streams", "TRUNCATE annals.streams"}) {
    EXPECT_THAT(error_of([&] { direct_.execute(sql); }).what(), HasSubstr("append-only")) << sql;
  }
  EXPECT_EQ(count("events"), 1);
}

TEST_F(AppendOnly, HoldsForReplicationSessionsToo) {
  direct_.execute("SET session_replication_role = replica");
  EXPECT_THAT(error_of([&] { direct_.execute("DELETE FROM annals.events"); }).what(), HasSubstr("append-only"));
}

TEST_F(AppendOnly, TheSequenceNeverCaches) {
  EXPECT_EQ(direct_.query("SELECT seqcache FROM pg_sequence WHERE seqrelid = 'annals.events_position_seq'::regclass")
                .bigint(0, 0),
            1);
}

// Logical replication applies a change row by row: statement triggers do not see it.
TEST_F(AppendOnly, RefusesWhatLogicalReplicationWouldApply) {
  if (direct_.server_version() < 150000) GTEST_SKIP() << "pg_stat_subscription_stats came with PostgreSQL 15";
  Publisher publisher;
  const auto id = store_.read_stream(stream_).at(0).id.to_string();
  publisher.execute(
      "INSERT INTO annals.events (stream_id, version, event_id, content_type, type, data) VALUES (1, 1, '" + id +
      "', 1, 'a', '{}')");
  publisher.start();
  const Subscription subscription{direct_, publisher};
  publisher.execute("DELETE FROM annals.events");
  const auto decided = [&] {
    return count("events") == 0 || direct_.query(
                                              "SELECT sum(apply_error_count)::bigint FROM pg_stat_subscription_stats "
                                              "WHERE subname = current_database()")
                                           .bigint(0, 0) > 0;
  };
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{60};
  while (!decided() && std::chrono::steady_clock::now() < deadline) std::this_thread::sleep_for(20ms);
  EXPECT_TRUE(decided()) << "the change never arrived";
  EXPECT_EQ(count("events"), 1);
}
