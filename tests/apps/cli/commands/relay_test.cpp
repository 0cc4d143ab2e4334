#include "annals/outbox/status.hpp"

#include <fmt/format.h>

#include "annals/core/clock.hpp"
#include "annals/outbox/message_log.hpp"
#include "annals/outbox/relay.hpp"
#include "cli_test.hpp"
#include "outbox/recording_sink.hpp"
#include "support/error_of.hpp"
#include "support/kafka_topic.hpp"

namespace annals::tests {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class RelayCommand : public CliTest {
 protected:
  RelayCommand() {
    connect().execute(
        "INSERT INTO annals.outbox (message_id, content_type, topic, type, payload) "
        "SELECT gen_random_uuid(), 1, 'orders', 'T', '1' FROM generate_series(1, 10)");
  }
};

TEST_F(RelayCommand, ShowsTheOutbox) {
  EXPECT_THAT(output({"-o", "json", "outbox", "status"}), HasSubstr("{\"last_position\":10,"));
  EXPECT_THAT(output({"outbox", "status"}), HasSubstr("last position"));
}

TEST_F(RelayCommand, ShowsNobodyBeforeTheFirstRelay) {
  const auto finished = annals({"-o", "json", "relay", "status"});
  EXPECT_EQ(finished.out, "[]\n");
  EXPECT_THAT(finished.err, HasSubstr("no relay has published"));
}

TEST_F(RelayCommand, AdoptsACheckpointWhenToldTwice) {
  const auto asked = annals({"relay", "adopt", "shop", "--position", "4"});
  EXPECT_EQ(asked.code, 2);
  EXPECT_THAT(asked.err, HasSubstr("--yes"));
  EXPECT_EQ(number("SELECT count(*) FROM annals.relay_checkpoints"), 0);

  EXPECT_THAT(output({"-o", "json", "relay", "adopt", "shop", "--position", "4", "--yes"}),
              HasSubstr(R"("relay":"shop","log":"outbox","position":4,"lag":6,)"));
  EXPECT_THAT(output({"-o", "json", "relay", "status"}), HasSubstr(R"("position":4,"lag":6)"));
  EXPECT_THAT(output({"relay", "status"}), HasSubstr("shop"));
  const auto doctor = annals({"doctor"});
  EXPECT_EQ(doctor.code, 0);
  EXPECT_THAT(doctor.out, HasSubstr("nobody runs it; 6 messages wait"));
}

TEST_F(RelayCommand, ShowsAndChangesTheNumberOfShards) {
  const auto unknown = annals({"relay", "shards", "shop"});
  EXPECT_EQ(unknown.code, 2);
  EXPECT_THAT(unknown.err, HasSubstr("has never run"));
  connect().execute("INSERT INTO annals.relay_shards (relay, log, shards, wanted) VALUES ('shop', 'outbox', 2, 2)");
  EXPECT_EQ(output({"-o", "json", "relay", "shards", "shop"}),
            R"({"relay":"shop","log":"outbox","shards":2,"wanted":2})"
            "\n");
  EXPECT_THAT(output({"-o", "json", "relay", "shards", "shop", "--set", "4"}), HasSubstr(R"("shards":2,"wanted":4)"));
  EXPECT_EQ(annals({"relay", "shards", "shop", "--set", "65"}).code, 2);
  EXPECT_EQ(annals({"relay", "shards", "shop", "--set", "0"}).code, 2);
}

TEST_F(RelayCommand, ShowsTheProcesses) {
  EXPECT_EQ(output({"-o", "json", "relay", "instances"}), "[]\n");
  connect().execute(
      "INSERT INTO annals.relay_instances (instance, relay, log, lock_key, host, pid) "
      "VALUES (gen_random_uuid(), 'shop', 'outbox', 1, 'here', 77)");
  EXPECT_THAT(output({"-o", "json", "relay", "instances"}), HasSubstr(R"("host":"here","pid":77,"lives":false)"));
}

/// annals-relay's configuration: two databases, and one that there is not.
class RelayCommandOfMany : public RelayCommand {
 protected:
  RelayCommandOfMany() {
    connect().execute("INSERT INTO annals.relay_shards (relay, log, shards, wanted) VALUES ('parts', 'outbox', 2, 2)");
    EXPECT_EQ(annals({"relay", "adopt", "shop", "--position", "4", "--yes"}).code, 0);
    write_file(file_, "[kafka]\nbrokers = \"localhost:1\"\n" + section("shop", uri("doctor")) +
                          section("crm", other_.uri("doctor")) + section("gone", "host=127.0.0.1 port=1 dbname=x"));
  }
  static std::string section(const std::string& name, const std::string& uri) {
    return fmt::format("[[database]]\nname = \"{}\"\nuri = \"{}\"\n", name, uri);
  }
  /// Without a database of its own on the command line; one in the environment counts for nothing.
  Finished annals_of_many(Arguments arguments) const {
    arguments.insert(arguments.begin(), {"--config", file_});
    return run(arguments, {});
  }

  TempDatabase other_;
  const std::string file_ = directory_.path("relay.toml");
};

TEST_F(RelayCommandOfMany, ShowsEachAndWhichIsAway) {
  const auto all = annals_of_many({"-o", "json", "relay", "status"});
  EXPECT_EQ(all.code, 3) << all.err;
  EXPECT_THAT(all.out, HasSubstr(R"({"database":"shop","relay":"shop","log":"outbox","position":4,"lag":6,)"));
  EXPECT_THAT(all.err, AllOf(HasSubstr("no relay has published from database crm yet"), HasSubstr("database gone: ")));
  EXPECT_EQ(annals_of_many({"-o", "json", "relay", "instances"}).out, "[]\n");
  const auto shards = annals_of_many({"-o", "jsonl", "relay", "shards", "parts"});
  EXPECT_THAT(shards.out, HasSubstr(R"({"database":"shop","relay":"parts","log":"outbox","shards":2,"wanted":2})"));
  EXPECT_THAT(shards.err, HasSubstr("database crm: relay \"parts\" has never run"));
}

TEST_F(RelayCommandOfMany, OneIsChosen) {
  const auto one = annals_of_many({"-o", "json", "--database", "shop", "relay", "status"});
  EXPECT_EQ(one.code, 0) << one.err;
  EXPECT_THAT(one.out, HasSubstr(R"({"database":"shop","relay":"shop",)"));
  EXPECT_EQ(annals_of_many({"outbox", "status", "--database", "crm"}).code, 0);
  const auto which = annals_of_many({"outbox", "status"});
  EXPECT_EQ(which.code, 2);
  EXPECT_THAT(which.err, AllOf(HasSubstr("the configuration has 3 databases"), HasSubstr("--database shop")));
  EXPECT_EQ(annals_of_many({"relay", "shards", "parts", "--set", "4"}).code, 2);
  const auto unknown = annals_of_many({"--database", "shpo", "relay", "status"});
  EXPECT_EQ(unknown.code, 2);
  EXPECT_THAT(unknown.err, AllOf(HasSubstr("no database \"shpo\""), HasSubstr("it has shop, crm, gone")));
  const auto server = annals_of_many({"--database", "dbname=x", "relay", "status"});
  EXPECT_THAT(server.err, HasSubstr("give the name of one: shop, crm, gone"));
}

/// Without them the command that is offered would ask another database, or none.
TEST_F(RelayCommandOfMany, WhatIsOfferedIsForTheDatabaseThatWasAsked) {
  const auto with = "annals --config " + file_ + " --database shop ";
  const auto unknown = annals_of_many({"--database", "shop", "relay", "repair", "shpo"});
  EXPECT_THAT(unknown.err, HasSubstr("hint: `" + with + "relay status` shows"));
  const auto all = annals_of_many({"relay", "shards", "shpo"});
  EXPECT_THAT(all.err, HasSubstr("see `" + with + "relay status`"));
  connect().execute("UPDATE annals.relay_shards SET wanted = 4");
  EXPECT_THAT(annals_of_many({"--database", "shop", "relay", "shards", "parts"}).err,
              HasSubstr("`" + with + "relay status` shows the new shards"));
  connect().execute("UPDATE annals.relay_checkpoints SET timeline = '77'");
  EXPECT_THAT(annals_of_many({"--database", "shop", "relay", "repair", "shop"}).out,
              HasSubstr("-> " + with + "relay "));
}

TEST_F(RelayCommandOfMany, AConfigurationOfOneIsTakenAsItIs) {
  write_file(file_, "[kafka]\nbrokers = \"localhost:1\"\n[database]\nuri = \"" + uri("doctor") + "\"\n");
  EXPECT_THAT(annals_of_many({"-o", "json", "relay", "status"}).out, HasSubstr(R"({"relay":"shop",)"));
  write_file(file_, "[kafka]\nbrokers = \"localhost:1\"\n[database]\nuri_file = \"/nowhere\"\n");
  const auto secret = annals_of_many({"relay", "status"});
  EXPECT_EQ(secret.code, 2);
  EXPECT_THAT(secret.err, HasSubstr("--check"));
  EXPECT_EQ(annals({"--config", file_, "relay", "status"}).code, 0) << "the command line's stands for it";
}

TEST_F(RelayCommand, RefusesToAdoptNothingOrTheFuture) {
  const auto nobody = annals({"relay", "adopt", "shop", "--yes"});
  EXPECT_EQ(nobody.code, 6);
  EXPECT_THAT(nobody.err, AllOf(HasSubstr("relay \"shop\" has no checkpoint on outbox"), HasSubstr("--position")));
  EXPECT_EQ(annals({"relay", "adopt", "shop", "--position", "11", "--yes"}).code, 2);
}

TEST_F(RelayCommand, SkipsExactlyTheMessageThatIsNamed) {
  EXPECT_EQ(annals({"relay", "adopt", "shop", "--position", "0", "--yes"}).code, 0);
  const auto id = connect().query("SELECT message_id::text FROM annals.outbox WHERE position = 3").text(0, 0);
  const auto other = annals({"relay", "skip", "shop", "--position", "4", "--id", id, "--reason", "x"});
  EXPECT_EQ(other.code, 2) << other.err;
  EXPECT_EQ(number("SELECT count(*) FROM annals.relay_decisions"), 0);
  const auto skipped = annals({"-o", "json", "relay", "skip", "shop", "--log", "outbox", "--position", "3", "--id", id,
                               "--reason", "the topic is gone"});
  EXPECT_EQ(skipped.code, 0) << skipped.err;
  EXPECT_EQ(skipped.out, R"({"relay":"shop","log":"outbox","position":3,"id":")" + id + "\",\"skipped\":true}\n");
  EXPECT_EQ(
      connect()
          .query("SELECT relay || ' ' || position || ' ' || decided_by || ' ' || reason FROM annals.relay_decisions")
          .text(0, 0),
      "shop 3 " + std::string{"annals_operator"} + " the topic is gone");
}

TEST_F(RelayCommand, SkipsNothingForARelayThatIsNotThere) {
  const auto id = connect().query("SELECT message_id::text FROM annals.outbox WHERE position = 3").text(0, 0);
  const auto finished = annals({"relay", "skip", "nope", "--position", "3", "--id", id, "--reason", "x"});
  EXPECT_EQ(finished.code, 6);
  EXPECT_THAT(finished.err, AllOf(HasSubstr("relay \"nope\" has no checkpoint"), HasSubstr("annals relay status")));
  EXPECT_EQ(number("SELECT count(*) FROM annals.relay_decisions"), 0);
}

TEST_F(RelayCommand, RepairSaysWhatDiffersAndWhatCanBeDone) {
  EXPECT_EQ(annals({"relay", "adopt", "shop", "--position", "4", "--yes"}).code, 0);
  const auto good = annals({"-o", "jsonl", "relay", "repair", "shop"});
  EXPECT_EQ(good.code, 0) << good.err;
  EXPECT_THAT(good.out,
              AllOf(HasSubstr(R"({"check":"cluster","status":"ok")"), HasSubstr(R"({"check":"timeline","status":"ok")"),
                    HasSubstr(R"({"check":"message","status":"ok")"), Not(HasSubstr("choice"))));
  connect().execute("UPDATE annals.relay_checkpoints SET timeline = '77'");
  const auto bad = annals({"-o", "jsonl", "relay", "repair", "shop"});
  EXPECT_EQ(bad.code, 5);
  EXPECT_THAT(bad.out, AllOf(HasSubstr(R"({"check":"timeline","status":"fail","detail":"was 77, this is 1")"),
                             HasSubstr(R"("remedy":"annals relay adopt shop --log outbox --position 4 --yes")")));
  EXPECT_EQ(annals({"relay", "repair", "nope"}).code, 6);
  EXPECT_EQ(annals({"relay", "repair", "shop", "--log", "nope"}).code, 2);
}

TEST_F(RelayCommand, RepairReadsTheRelaysConfigurationToAskTheBroker) {
  EXPECT_EQ(annals({"relay", "adopt", "shop", "--position", "4", "--yes"}).code, 0);
  connect().execute(
      "UPDATE annals.relay_checkpoints SET transactional_id = gen_random_uuid(), "
      "generation = gen_random_uuid(), in_broker = true");
  const auto file = directory_.path("relay.toml");
  write_file(file, fmt::format("[kafka]\nbrokers = \"{}\"\ncheckpoint_topic = \"not-there\"\n", kafka_brokers()));
  const auto asked = annals({"-o", "jsonl", "relay", "repair", "shop", "--config", file});
  EXPECT_EQ(asked.code, 5) << asked.err;
  EXPECT_THAT(asked.out, AllOf(HasSubstr(R"({"check":"broker","status":"fail")"), HasSubstr("has no record there")));
  write_file(file, "[kafka]\nbrokesr = \"x\"\n");
  const auto wrong = annals({"relay", "repair", "shop", "--config", file});
  EXPECT_EQ(wrong.code, 2);
  EXPECT_THAT(wrong.err, AllOf(HasSubstr("brokesr"), HasSubstr("annals-relay --config " + file + " --check")));
}

/// The command between backquotes that a hint offers.
std::string command_in(const std::string& hint) {
  const auto begin = hint.find("`annals") + 1;
  return hint.substr(begin, hint.find('`', begin) - begin);
}

/// From a word to the end of its line.
std::string line_from(const std::string& begin, const std::string& text) {
  const auto at = text.find(begin);
  EXPECT_NE(at, std::string::npos) << text;
  return at == std::string::npos ? "" : text.substr(at, text.find('\n', at) - at);
}

/// Two services in one database, each with a relay of the usual name: what is said about one must not be done to the other.
class RelayOfTwo : public RelayCommand {
 protected:
  RelayOfTwo() {
    for (const auto& words : {Arguments{"schema", "apply"}, Arguments{"schema", "roles", "apply"}}) {
      Arguments command{"--database", database_.superuser().conninfo, "--schema", "other"};
      command.insert(command.end(), words.begin(), words.end());
      command.insert(command.end(), {"--owner", "annals_owner"});
      const auto finished = run(command);
      EXPECT_EQ(finished.code, 0) << finished.err;
    }
    connect().execute(
        "INSERT INTO other.outbox (message_id, content_type, topic, type, payload) "
        "SELECT gen_random_uuid(), 1, 'orders', 'T', '1' FROM generate_series(1, 10)");
  }
  void add_checkpoints(const std::string& cluster) const {
    for (const auto* schema : {"annals", "other"}) {
      connect().execute(
          fmt::format("INSERT INTO {}.relay_checkpoints (relay, log, position, system_identifier, timeline) VALUES "
                      "('relay', 'outbox', 0, {}, '1')",
                      schema, cluster));
    }
  }
  /// What `annals relay repair` says that adopts, done as it says.
  void adopt_as_said_by(const std::string& command) const {
    EXPECT_EQ(shell(command, "doctor"), 5) << command << read_file(directory_.path("log"));
    const auto adopt = line_from("annals relay adopt", read_file(directory_.path("log")));
    EXPECT_EQ(shell(adopt, "operator"), 0) << adopt << read_file(directory_.path("log"));
    EXPECT_EQ(count("other", "relay_checkpoints WHERE system_identifier = '4711'"), 0);
    EXPECT_EQ(shell(command, "doctor"), 0) << read_file(directory_.path("log"));
  }
  [[nodiscard]] std::int64_t count(const std::string& schema, const std::string& rows) const {
    return number(fmt::format("SELECT count(*) FROM {}.{}", schema, rows));
  }
};

TEST_F(RelayOfTwo, HintOfAHaltedRelayIsForItsOwnSchema) {
  add_checkpoints("(SELECT system_identifier::text FROM pg_control_system())");
  auto log = outbox::message_log("other");
  RecordingSink sink{{.unsendable = {3}}};
  SystemClock clock;
  auto database = database_.as("relay");
  database.schema = "other";
  const auto hint = error_of([&] {
                      outbox::Relay relay{database, log, sink, clock, {}};
                      for (int i = 0; i < 100; ++i) relay.step(std::chrono::milliseconds{20});
                    }).hint();
  const auto command = command_in(hint);
  EXPECT_EQ(shell(command, "operator"), 0) << command << read_file(directory_.path("log"));
  EXPECT_EQ(count("other", "relay_decisions WHERE position = 3"), 1);
  EXPECT_EQ(count("annals", "relay_decisions"), 0);
}

TEST_F(RelayOfTwo, HintOfACheckpointOfAnotherHistoryIsForItsOwnSchema) {
  add_checkpoints("'4711'");
  RecordingSink sink;
  SystemClock clock;
  auto database = database_.as("relay");
  database.schema = "other";
  const auto hint = error_of([&] {
                      outbox::Relay relay{database, outbox::message_log("other"), sink, clock, {}};
                      relay.step(std::chrono::milliseconds{0});
                    }).hint();
  adopt_as_said_by(command_in(hint));
  EXPECT_EQ(count("annals", "relay_checkpoints WHERE system_identifier = '4711'"), 1);
}

TEST_F(RelayOfTwo, IsNotForgottenBeforeWhatItSetAsideIsDecided) {
  add_checkpoints("(SELECT system_identifier::text FROM pg_control_system())");
  connect().execute(
      "INSERT INTO other.relay_parked (relay, log, position, message_id, policy, topic, reason, type, content_type, "
      "payload, "
      "occurred_at, sequence) VALUES ('relay', 'outbox', 3, gen_random_uuid(), 'dead-letter', 'orders', 'no such "
      "topic', 'T', "
      "1, '1', now(), 0)");
  const std::string forget = "annals relay forget relay --schema other --yes";
  EXPECT_EQ(shell(forget, "operator"), 2);
  const auto list = line_from("annals outbox parked list", read_file(directory_.path("log")));
  EXPECT_EQ(shell(list, "operator"), 0) << list << read_file(directory_.path("log"));
  EXPECT_THAT(read_file(directory_.path("log")), HasSubstr("no such topic"));
  connect().execute("DELETE FROM other.relay_parked");
  EXPECT_EQ(shell(forget, "operator"), 0) << read_file(directory_.path("log"));
  EXPECT_EQ(count("other", "relay_checkpoints"), 0);
  EXPECT_EQ(count("annals", "relay_checkpoints"), 1);
}

TEST_F(RelayOfTwo, RemedyOfTheDoctorIsForItsOwnSchema) {
  add_checkpoints("'4711'");
  const auto doctor = annals({"--schema", "other", "doctor"});
  EXPECT_EQ(doctor.code, 5);
  adopt_as_said_by(line_from("annals relay repair", doctor.out));
  EXPECT_EQ(count("annals", "relay_checkpoints WHERE system_identifier = '4711'"), 1);
}

}  // namespace
}  // namespace annals::tests
