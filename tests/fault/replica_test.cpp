// Reading on a hot standby, and after its promotion: with a real streaming replica.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <filesystem>
#include <thread>

#include "annals/core/error.hpp"
#include "annals/eventstore/event_store.hpp"
#include "annals/eventstore/event_tail.hpp"
#include "annals/outbox/claim_store.hpp"
#include "annals/postgres/connection.hpp"
#include "support/private_stack.hpp"
#include "support/replica.hpp"
#include "support/temp_database.hpp"

using annals::Error;
using annals::ErrorKind;
using annals::ExpectedVersion;
using annals::GlobalPosition;
using annals::RecordedEvent;
using annals::StreamName;
using annals::eventstore::EventStore;
using annals::eventstore::EventTail;
using annals::postgres::Connection;
using annals::postgres::Database;
using annals::tests::PrivateStack;
using annals::tests::Replica;
using annals::tests::TempDatabase;
using State = EventTail::State;
using namespace std::chrono_literals;
using testing::ElementsAre;

namespace {

/// A socket of its own that leads to a server, and later to another: as a name or a balancer in front of several does.
class Address {
 public:
  explicit Address(const Database& server) {
    std::filesystem::create_directories(directory_);
    lead_to(server);
  }
  ~Address() { std::filesystem::remove_all(directory_); }
  Address(const Address&) = delete;
  Address& operator=(const Address&) = delete;

  void lead_to(const Database& server) {
    Connection connection{server};
    sockaddr_un peer{};
    socklen_t size = sizeof peer;
    ASSERT_EQ(::getpeername(connection.socket(), reinterpret_cast<sockaddr*>(&peer), &size), 0);
    const auto socket = directory_ / ".s.PGSQL.5432";
    std::filesystem::remove(socket);
    std::filesystem::create_symlink(peer.sun_path, socket);
  }
  [[nodiscard]] Database database(const std::string& name) const {
    return {.conninfo = "host=" + directory_.string() + " port=5432 user=annals_service dbname=" + name};
  }

 private:
  std::filesystem::path directory_ =
      std::filesystem::temp_directory_path() / ("annals-address-" + std::to_string(::getpid()));
};

class ReplicaTest : public testing::Test {
 protected:
  ReplicaTest() : name_(name_of(primary_.database())), standby_(replica_.database(primary_.database(), name_)) {}

  static std::string name_of(const Database& database) {
    return Connection{database}.query("SELECT current_database()::text").text(0, 0);
  }
  void append(const std::string& stream) {
    (void)store_.append(StreamName{stream}, ExpectedVersion::any(), {{.type = "t", .data = stream}});
  }
  /// To each stream that there is.
  void append_many(int versions) {
    Connection{primary_.superuser()}.execute(
        "INSERT INTO annals.events (stream_id, version, event_id, content_type, type, data)"
        " SELECT s.stream_id, s.version + g, gen_random_uuid(), 2, 't', ''"
        "   FROM generate_series(1, " +
        std::to_string(versions) +
        ") g, annals.streams s;"
        "UPDATE annals.streams SET version = version::bigint + " +
        std::to_string(versions));
  }
  /// A position is drawn, the next one commits first. On a standby no lock shows who is still there.
  void leave_a_hole(Connection& late) {
    late.execute("BEGIN");
    late.query("INSERT INTO annals.streams (name, version) VALUES ('late', 1)");
    late.query(
        "INSERT INTO annals.events (stream_id, version, event_id, content_type, type, data)"
        " SELECT stream_id, 1, gen_random_uuid(), 0, 't', '' FROM annals.streams WHERE name = 'late'");
    append("early");
  }
  /// What a reader of the standby sees after `after`, until it is caught up.
  std::vector<std::string> read_standby(EventTail& tail) {
    std::vector<std::string> streams;
    while (true) {
      const auto batch = tail.read(at_, 100);
      if (batch.empty()) return streams;
      for (const auto& event : batch) {
        streams.push_back(event.stream.str());
        at_ = event.position;
      }
    }
  }
  /// A reader on the primary proves, and stores, how far the log is final.
  void read_primary() {
    EventTail tail{primary_.database()};
    GlobalPosition at;
    while (true) {
      const auto batch = tail.read(at, 100);
      if (batch.empty()) return;
      for (const auto& event : batch) at = event.position;
    }
  }

  /// Until it is stored that all is final up to there.
  void prove(std::int64_t position) {
    EventTail tail{primary_.database()};
    Connection observer{primary_.superuser()};
    while (observer.query("SELECT coalesce(max(position), 0) FROM annals.events_horizon").bigint(0, 0) < position) {
      (void)tail.read(GlobalPosition{position}, 100);
    }
  }

  PrivateStack stack_{"postgres"};
  TempDatabase primary_{stack_.address(), TempDatabase::Schema::applied};
  Replica replica_{stack_.address()};
  std::string name_;
  Database standby_;
  EventStore store_{primary_.as("writer")};
  GlobalPosition at_;
};

}  // namespace

TEST_F(ReplicaTest, ReadsOnlyWhatThePrimaryHasProvenAndSkipsNothing) {
  append("before");
  replica_.catch_up(primary_.superuser());
  EventTail tail{standby_};
  try {
    (void)read_standby(tail);
    FAIL() << "nobody has proven anything";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::not_ready) << error.what();
  }
  read_primary();
  replica_.catch_up(primary_.superuser());
  EXPECT_THAT(read_standby(tail), ElementsAre("before"));

  Connection late{primary_.database()};
  leave_a_hole(late);
  read_primary();
  replica_.catch_up(primary_.superuser());
  EXPECT_THAT(read_standby(tail), ElementsAre()) << "the hole before it may still be filled";
  late.execute("COMMIT");
  read_primary();
  replica_.catch_up(primary_.superuser());
  EXPECT_THAT(read_standby(tail), ElementsAre("late", "early"));
}

TEST_F(ReplicaTest, GoesOnByItselfAfterThePromotion) {
  append("before");
  read_primary();
  replica_.catch_up(primary_.superuser());
  EventTail tail{standby_};
  EXPECT_THAT(read_standby(tail), ElementsAre("before"));
  replica_.promote();
  const EventStore promoted{standby_};
  (void)promoted.append(StreamName{"after"}, ExpectedVersion::any(), {{.type = "t", .data = ""}});
  std::vector<std::string> seen;
  while (seen.empty()) {
    seen = read_standby(tail);
    std::this_thread::yield();
  }
  EXPECT_THAT(seen, ElementsAre("after"));
}

/// Sessions of one store need not be of one server, and what one has proven another may not have yet.
TEST_F(ReplicaTest, ReplayBySeveralSessionsSkipsNothingWhereOneIsOfAReplicaThatLags) {
  append("many");
  append_many(30'000);
  read_primary();
  replica_.catch_up(primary_.superuser());
  replica_.cut_off();
  append_many(30'000);
  read_primary();

  Address address{primary_.database()};
  const EventStore store{address.database(name_)};
  std::int64_t seen = 0;
  store.read_all(GlobalPosition{},
                 [&](const RecordedEvent&) {
                   if (++seen == 1) address.lead_to(standby_);
                   return true;
                 },
                 {.sessions = 2});
  EXPECT_EQ(seen, 60'001);
}

TEST_F(ReplicaTest, ReplayBySeveralSessionsGoesNoFurtherThanThePrimaryHasProven) {
  append("many");
  append_many(30'000);
  prove(30'001);
  Connection late{primary_.database()};
  leave_a_hole(late);
  replica_.catch_up(primary_.superuser());
  std::int64_t seen = 0;
  const EventStore store{standby_};
  store.read_all(GlobalPosition{},
                 [&](const RecordedEvent&) {
                   ++seen;
                   return true;
                 },
                 {.sessions = 2});
  EXPECT_EQ(seen, 30'001) << "the hole behind them may still be filled";
}

/// A reader that waited on the replica sleeps on the bell of the new primary, and looks by the clock no more.
TEST_F(ReplicaTest, SleepsOnTheBellAfterThePromotion) {
  append("before");
  read_primary();
  replica_.catch_up(primary_.superuser());
  EventTail tail{standby_};
  EXPECT_THAT(read_standby(tail), ElementsAre("before"));
  EXPECT_EQ(tail.wait(1ms), EventTail::Wake::timed_out);
  replica_.promote();
  const auto deadline = std::chrono::steady_clock::now() + 30s;
  while (tail.wait(20ms) != EventTail::Wake::armed && std::chrono::steady_clock::now() < deadline) {
    EXPECT_THAT(read_standby(tail), ElementsAre());
  }
  EXPECT_THAT(read_standby(tail), ElementsAre());
  const EventStore promoted{standby_};
  (void)promoted.append(StreamName{"after"}, ExpectedVersion::any(), {{.type = "t", .data = ""}});
  EXPECT_EQ(tail.wait(10s), EventTail::Wake::rung);
  EXPECT_THAT(read_standby(tail), ElementsAre("after"));
}

/// A message may be faster than the replica that its payload is read from.
TEST_F(ReplicaTest, AClaimThatHasNotComeYetIsNotGone) {
  const std::string sha256(64, '0');
  Connection primary{primary_.superuser()};
  const auto claim = [&](std::int64_t number) {
    return annals::outbox::Claim{.database = name_, .schema = "annals", .number = number, .bytes = 1, .sha256 = sha256};
  };
  const auto make = [&](const std::string& age) {
    return primary
        .query(
            "INSERT INTO annals.claims (log, message_position, message_id, sha256, payload, recorded_at) VALUES "
            "('outbox', 1, gen_random_uuid(), sha256('x'), 'x', now() - interval '" +
            age + "') RETURNING position")
        .bigint(0, 0);
  };
  primary.execute("GRANT EXECUTE ON FUNCTION annals.claim_payload(text) TO annals_service");
  const auto early = make("1 hour");
  replica_.catch_up(primary_.superuser());
  annals::outbox::PostgresClaimStore store{standby_};
  EXPECT_EQ(store.fetch(claim(early - 1)), std::nullopt) << "what came later is there";
  EXPECT_EQ(store.fetch(claim(early)), std::nullopt) << "of that digest there is none";
  try {
    (void)store.fetch(claim(early + 1));
    FAIL() << "nobody can know yet";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::disconnected) << error.what();
    EXPECT_TRUE(error.retryable());
  }
  annals::outbox::PostgresClaimStore knowing{primary_.as("consumer")};
  EXPECT_EQ(knowing.fetch(claim(early + 1)), std::nullopt);
}
