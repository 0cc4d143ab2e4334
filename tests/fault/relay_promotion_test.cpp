// A standby that lags behind is promoted, and the relay goes on there: what was published last is missing in that database,
// and so is the record that it was. Nothing but the timeline tells.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <pqxx/pqxx>

#include <cstdlib>
#include <filesystem>
#include <stdexcept>

#include "annals/core/clock.hpp"
#include "annals/core/error.hpp"
#include "annals/outbox/message_log.hpp"
#include "annals/outbox/outbox.hpp"
#include "annals/outbox/progress/examination.hpp"
#include "annals/outbox/relay.hpp"
#include "annals/outbox/status.hpp"
#include "annals/postgres/connection.hpp"
#include "annals/postgres/pqxx_compat.hpp"
#include "annals/testing/memory_sink.hpp"
#include "support/private_stack.hpp"
#include "support/temp_database.hpp"

using namespace annals;
using namespace std::chrono_literals;

namespace {

/// A parameter of "postgresql:///annals?host=…&port=…".
std::string parameter(const std::string& uri, const std::string& name) {
  const auto begin = uri.find(name + "=") + name.size() + 1;
  return uri.substr(begin, uri.find('&', begin) - begin);
}

/// A physical copy of a private cluster.
class Standby {
 public:
  virtual ~Standby() { (void)std::system(command("\"$bin/pg_ctl\" -D \"$copy\" -m immediate -w stop").c_str()); }
  Standby(const Standby&) = delete;
  Standby& operator=(const Standby&) = delete;

  void start() const {
    run("touch \"$copy/standby.signal\"; printf \"unix_socket_directories = '%s'\\nlisten_addresses = ''\\n\" "
        "\"$copy\" "
        ">>\"$copy/postgresql.conf\"; \"$bin/pg_ctl\" -D \"$copy\" -o \"-p $port\" -l \"$copy/log\" -w start");
  }
  void promote() const { run("\"$bin/pg_ctl\" -D \"$copy\" -w promote"); }
  /// The primary's database in this cluster.
  [[nodiscard]] postgres::Database database(postgres::Database of_primary) const {
    const auto host = "host=" + folder_;
    of_primary.conninfo.replace(of_primary.conninfo.find(host), host.size(), host + "/copy");
    return of_primary;
  }

 protected:
  explicit Standby(const std::string& primary)
      : folder_(parameter(primary, "host")), port_(parameter(primary, "port")) {}
  void run(const std::string& what) const {
    if (std::system(command(what).c_str()) != 0) throw std::runtime_error{"failed: " + what};
  }
  void configure(const std::string& setting) const {
    run(fmt::format("printf '%s\\n' \"{}\" >>\"$copy/postgresql.conf\"", setting));
  }

  std::string folder_;
  std::string port_;

 private:
  // PostgreSQL refuses to run as root: the account that the private cluster has runs this one too.
  [[nodiscard]] std::string command(const std::string& what) const {
    return fmt::format(
        "home='{}' port='{}' copy='{}/copy' "
        "bin=${{ANNALS_POSTGRES_BIN:-$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -n 1)}}; "
        "export home port copy bin; user=$(stat -c %U \"$home\"); as=; "
        "[ \"$(id -u)\" -ne 0 ] || as=\"setpriv --reuid=$user --regid=$(id -g $user) --clear-groups\"; "
        "$as sh -c '{}' >/dev/null 2>&1",
        folder_, port_, folder_, escaped(what));
  }
  static std::string escaped(const std::string& text) {
    std::string out;
    for (const char c : text) out += c == '\'' ? std::string{"'\\''"} : std::string{c};
    return out;
  }
};

/// As it is now: nothing comes to it any more.
class Copy final : public Standby {
 public:
  explicit Copy(const std::string& primary) : Standby(primary) {
    run("\"$bin/pg_basebackup\" -h \"$home\" -p \"$port\" -U annals -D \"$copy\" -X stream -c fast");
  }
};

/// Streams from its primary and keeps copies of the slots there that are made for fail-over: PostgreSQL 17.
class SynchronizedStandby final : public Standby {
 public:
  SynchronizedStandby(const std::string& primary, const postgres::Database& superuser) : Standby(primary) {
    postgres::Connection connection{superuser};
    (void)connection.query("SELECT pg_create_physical_replication_slot('standby', true)");
    (void)connection.query("SELECT pg_backup_start('standby', true)");
    run("cp -r \"$(dirname \"$(ls \"$home\"/*/PG_VERSION | grep -v copy | head -n 1)\")\" \"$copy\"; "
        "rm -rf \"$copy/postmaster.pid\" \"$copy\"/pg_replslot/*");
    const auto label = connection.query("SELECT labelfile FROM pg_backup_stop(false)").text(0, 0);
    run(fmt::format("printf '%s' \"{}\" >\"$copy/backup_label\"", label));
    configure(fmt::format("primary_conninfo = 'host={} port={} user=annals dbname=postgres'", folder_, port_));
    configure("primary_slot_name = 'standby'");
    configure("hot_standby_feedback = on");
    configure("sync_replication_slots = on");
  }
};

void enqueue(const postgres::Database& database, int first, int count) {
  const outbox::Outbox outbox{database};
  const auto connection = postgres::open_pqxx(database);
  for (int i = first; i < first + count; ++i) {
    pqxx::work tx{*connection};
    outbox.enqueue(tx, outbox::Message{.topic = "orders", .key = "k", .type = "t", .payload = std::to_string(i)});
    tx.commit();
  }
}

/// Relays until idle.
void publish(const postgres::Database& database, outbox::Sink& sink, outbox::RelayOptions options = {}) {
  SystemClock clock;
  outbox::Relay relay{database, outbox::message_log("annals"), sink, clock, std::move(options)};
  while (relay.step(20ms).state != outbox::StepReport::State::idle) {
  }
}

}  // namespace

TEST(RelayPromotion, HaltsOnAStandbyThatLacksWhatWasPublishedLast) {
  const tests::PrivateStack server{"postgres"};
  const tests::TempDatabase temp{server.address(), tests::TempDatabase::Schema::applied};
  annals::testing::MemorySink sink;
  enqueue(temp.as("writer"), 0, 60);
  publish(temp.as("relay"), sink);
  const Copy standby{server.address()};
  enqueue(temp.as("writer"), 60, 40);
  publish(temp.as("relay"), sink);
  ASSERT_EQ(sink.messages().size(), 100U);

  standby.start();
  standby.promote();
  const auto promoted = [&](const postgres::Database& database) { return standby.database(database); };
  enqueue(promoted(temp.as("writer")), 1'000, 40);  // at positions that were published already, with other ids
  postgres::Connection{promoted(temp.superuser())}.execute("CHECKPOINT");
  try {
    publish(promoted(temp.as("relay")), sink);
    ADD_FAILURE() << "the relay did not notice";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::corrupt) << error.what();
    EXPECT_THAT(error.what(), ::testing::HasSubstr("this is timeline 2"));
    EXPECT_THAT(error.hint(), ::testing::HasSubstr("annals relay repair relay --log outbox"));
  }
  EXPECT_EQ(sink.messages().size(), 100U) << "nothing was published before an operator has looked";

  postgres::Connection connection{promoted(temp.as("operator"))};
  const auto found = outbox::examine_checkpoint(connection, outbox::message_log("annals"), "relay");
  ASSERT_EQ(found.choices.size(), 1U);
  EXPECT_EQ(found.choices[0].command, "annals relay adopt relay --log outbox --position 60 --yes");
  outbox::adopt_checkpoint(connection, outbox::message_log("annals"), {.position = 60});
  publish(promoted(temp.as("relay")), sink);
  EXPECT_EQ(sink.messages().size(), 140U);
  EXPECT_EQ(sink.messages().back().payload, "1039");
}

/// Relays with source = "auto" until that many messages are there and the log is read.
class Automatic {
 public:
  void run(const postgres::Database& database, std::size_t messages, const std::string& timeline) {
    auto relay = open(database, timeline);
    auto report = relay.step(20ms);
    const auto deadline = clock_.steady() + 30s;
    while (clock_.steady() < deadline &&
           (sink_.messages().size() < messages || report.read_from != outbox::ReadFrom::wal)) {
      report = relay.step(20ms);
    }
    EXPECT_EQ(report.read_from, outbox::ReadFrom::wal);
    EXPECT_TRUE(relay.drain(5s));
  }
  outbox::Relay open(const postgres::Database& database, const std::string& timeline) {
    outbox::RelayOptions options{.accept_timeline = timeline};
    options.read_from = outbox::ReadFrom::automatic;
    options.log_retry = 10ms;
    return {database, outbox::message_log("annals"), sink_, clock_, options};
  }
  void expect(std::size_t count) {
    ASSERT_EQ(sink_.messages().size(), count);
    for (std::size_t i = 0; i < count; ++i) EXPECT_EQ(sink_.messages()[i].payload, std::to_string(i));
  }

 private:
  SystemClock clock_;
  annals::testing::MemorySink sink_;
};

/// The standby has all that was published, and no slot: that of the primary is not copied. The operator says so, and the relay goes on in the
/// table until it has a slot there.
TEST(RelayPromotion, GoesOnWithoutItsSlotInTheTableAndThenInTheLog) {
  const tests::PrivateStack server{"postgres"};
  const tests::TempDatabase temp{server.address(), tests::TempDatabase::Schema::applied};
  Automatic relay;
  enqueue(temp.as("writer"), 0, 60);
  relay.run(temp.as("wal_relay"), 60, "");
  const Copy standby{server.address()};
  standby.start();
  standby.promote();
  enqueue(standby.database(temp.as("writer")), 60, 40);
  relay.run(standby.database(temp.as("wal_relay")), 100, "2");
  enqueue(standby.database(temp.as("writer")), 100, 10);
  relay.run(standby.database(temp.as("wal_relay")), 110, "2");
  relay.expect(110);
}

/// PostgreSQL 17: the slot is there, too. What the primary had committed and nobody had published comes.
TEST(RelayPromotion, GoesOnInTheLogWithTheSlotThatTheStandbyKept) {
  const tests::PrivateStack server{"postgres"};
  const tests::TempDatabase temp{server.address(), tests::TempDatabase::Schema::applied};
  if (postgres::Connection{temp.superuser()}.server_version() < 17'00'00) {
    GTEST_SKIP() << "slots for fail-over: PostgreSQL 17";
  }
  Automatic automatic;
  const SynchronizedStandby standby{server.address(), temp.superuser()};
  standby.start();
  {
    SystemClock clock;
    auto relay = automatic.open(temp.as("wal_relay"), "");
    postgres::Connection there{standby.database(temp.superuser())};
    const auto is_kept = [&] {
      return there.query("SELECT count(*) FROM pg_replication_slots WHERE synced AND NOT temporary").bigint(0, 0) > 0;
    };
    const auto deadline = clock.steady() + 60s;
    for (int i = 0; clock.steady() < deadline && (i < 60 || !is_kept()); ++i) {
      if (i < 60) enqueue(temp.as("writer"), i, 1);
      (void)relay.step(20ms);
    }
    ASSERT_TRUE(is_kept());
    while (relay.step(20ms).state != outbox::StepReport::State::idle) {
    }
    ASSERT_TRUE(relay.drain(5s));
  }
  enqueue(temp.as("writer"), 60, 40);
  {
    postgres::Connection here{temp.superuser()};
    postgres::Connection there{standby.database(temp.superuser())};
    const auto end = here.query("SELECT pg_current_wal_flush_lsn()::text").text(0, 0);
    while (!there.query("SELECT pg_last_wal_replay_lsn() >= $1::text::pg_lsn", postgres::Params{}.text(end))
                .boolean(0, 0)) {
    }
  }
  standby.promote();
  enqueue(standby.database(temp.as("writer")), 100, 10);
  automatic.run(standby.database(temp.as("wal_relay")), 110, "2");
  automatic.expect(110);
  EXPECT_EQ(postgres::Connection{standby.database(temp.superuser())}
                .query("SELECT count(*) FROM pg_replication_slots WHERE synced")
                .bigint(0, 0),
            1)
      << "it made none of its own";
}
