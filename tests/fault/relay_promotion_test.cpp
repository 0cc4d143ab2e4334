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
#include "annals/outbox/examination.hpp"
#include "annals/outbox/message_log.hpp"
#include "annals/outbox/outbox.hpp"
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

/// A physical copy of a private cluster as it is now, to be promoted later.
class Standby {
 public:
  explicit Standby(const std::string& primary)
      : folder_(parameter(primary, "host")), port_(parameter(primary, "port")) {
    run("\"$bin/pg_basebackup\" -h \"$home\" -p \"$port\" -U annals -D \"$copy\" -X stream -c fast");
  }
  ~Standby() { (void)std::system(command("\"$bin/pg_ctl\" -D \"$copy\" -m immediate -w stop").c_str()); }
  Standby(const Standby&) = delete;
  Standby& operator=(const Standby&) = delete;

  void promote() const {
    run("touch \"$copy/standby.signal\"; printf \"unix_socket_directories = '%s'\\nlisten_addresses = ''\\n\" "
        "\"$copy\" "
        ">>\"$copy/postgresql.conf\"; \"$bin/pg_ctl\" -D \"$copy\" -o \"-p $port\" -l \"$copy/log\" -w start && "
        "\"$bin/pg_ctl\" -D \"$copy\" -w promote");
  }
  /// The URI of the primary's database in this cluster.
  [[nodiscard]] std::string uri_of(std::string uri) const {
    const auto host = "host=" + folder_;
    return uri.replace(uri.find(host), host.size(), "host=" + folder_ + "/copy");
  }

 private:
  // PostgreSQL refuses to run as root: the account that the private cluster has runs this one too.
  [[nodiscard]] std::string command(const std::string& what) const {
    return fmt::format(
        "home='{}' port='{}' copy='{}/copy' bin=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -n 1); "
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
  void run(const std::string& what) const {
    if (std::system(command(what).c_str()) != 0) throw std::runtime_error{"failed: " + what};
  }

  std::string folder_;
  std::string port_;
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
  const Standby standby{server.address()};
  enqueue(temp.as("writer"), 60, 40);
  publish(temp.as("relay"), sink);
  ASSERT_EQ(sink.messages().size(), 100U);

  standby.promote();
  const auto promoted = [&](postgres::Database database) {
    database.conninfo = standby.uri_of(database.conninfo);
    return database;
  };
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
