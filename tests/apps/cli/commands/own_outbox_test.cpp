// A table of a service's own: what it lacks, and how a running Debezium connector is relieved of it.
#include <atomic>
#include <chrono>
#include <mutex>
#include <nlohmann/json.hpp>
#include <regex>
#include <thread>

#include "annals/core/clock.hpp"
#include "annals/outbox/relay.hpp"
#include "cli_test.hpp"
#include "outbox/recording_sink.hpp"
#include "support/own_table.hpp"
#include "support/published.hpp"

namespace annals::tests {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using testing::HasSubstr;

class OwnOutboxCommand : public CliTest {
 protected:
  OwnOutboxCommand() : config_(directory_.path("relay.toml")) {
    make_debezium_table(database_);
    write_file(config_,
               "[relay]\nsources = [\"shop.outboxevent\"]\nsink = \"stdout\"\n"
               "[[own_outbox]]\ntable = \"shop.outboxevent\"\nlayout = \"debezium\"\n");
  }
  [[nodiscard]] Finished check(const std::string& format = "table") const {
    return run({"--database", uri("relay"), "-o", format, "relay", "check", "--config", config_});
  }
  /// Everything that the check prints.
  void mend() const {
    for (int round = 0; round < 5; ++round) {
      const auto found = json::parse(check("json").out);
      const auto fails =
          std::find_if(found.begin(), found.end(), [](const auto& one) { return one.at("status") == "fail"; });
      if (fails == found.end()) return;
      connect().execute(fails->at("remedy").get<std::string>());
    }
  }

  std::string config_;
};

TEST_F(OwnOutboxCommand, SaysWhatATableLacksAndPrintsTheSql) {
  const auto lacking = check();
  EXPECT_EQ(lacking.code, 5);
  EXPECT_THAT(lacking.out,
              HasSubstr("ALTER TABLE shop.outboxevent ADD COLUMN position bigint GENERATED ALWAYS AS IDENTITY"));
  EXPECT_THAT(lacking.out, HasSubstr("CREATE TRIGGER annals_bell AFTER INSERT ON shop.outboxevent"));
  mend();
  const auto whole = check();
  EXPECT_EQ(whole.code, 0) << whole.out;
  EXPECT_THAT(whole.out, HasSubstr("shop.outboxevent has all that a relay needs"));
  write_file(config_, "[[own_outbox]]\ntable = \"shop\"\n");
  const auto wrong = check();
  EXPECT_EQ(wrong.code, 2);
  EXPECT_THAT(wrong.err, HasSubstr("own_outbox"));
}

TEST_F(OwnOutboxCommand, SaysThatCheckpointsHaveNoPlaceYet) {
  connect().execute("DROP SCHEMA annals CASCADE");
  const auto found = check();
  EXPECT_EQ(found.code, 5);
  EXPECT_THAT(found.out, HasSubstr("annals schema apply"));
}

TEST_F(OwnOutboxCommand, OperatesOnItsRelaysWithTheirFile) {
  mend();
  connect().execute(insert_own("a", 1) + "; " + insert_own("a", 2));
  const auto without = annals({"relay", "adopt", "shop", "--log", "shop.outboxevent", "--position", "1", "--yes"});
  EXPECT_EQ(without.code, 2);
  EXPECT_THAT(without.err, HasSubstr("--config"));
  EXPECT_THAT(output({"-o", "json", "relay", "adopt", "shop", "--log", "shop.outboxevent", "--config", config_,
                      "--position", "1", "--yes"}),
              HasSubstr(R"("relay":"shop","log":"shop.outboxevent","position":1,"lag":1)"));
  connect().execute("GRANT USAGE ON SCHEMA shop TO annals_doctor; GRANT SELECT ON shop.outboxevent TO annals_doctor");
  EXPECT_THAT(output({"-o", "json", "relay", "status", "--config", config_}),
              HasSubstr(R"("log":"shop.outboxevent","position":1)"));
  EXPECT_EQ(annals({"outbox", "parked", "list", "shop", "--log", "shop.outboxevent"}).code, 0);
}

/// One of several databases, and not the first.
TEST_F(OwnOutboxCommand, ShowsThoseOfEachDatabase) {
  mend();
  connect().execute(insert_own("a", 1));
  (void)output(
      {"relay", "adopt", "shop", "--log", "shop.outboxevent", "--config", config_, "--position", "0", "--yes"});
  connect().execute("GRANT USAGE ON SCHEMA shop TO annals_doctor; GRANT SELECT ON shop.outboxevent TO annals_doctor");
  const auto section = [&](const std::string& name) {
    return fmt::format("[[database]]\nname = \"{}\"\nuri = \"{}\"\n", name, uri("doctor"));
  };
  const auto many = directory_.path("many.toml");
  write_file(many, "[relay]\nsink = \"stdout\"\n" + section("first") + "[database.relay]\nsources = [\"outbox\"]\n" +
                       section("second") +
                       "[database.relay]\nsources = [\"shop.outboxevent\"]\n"
                       "[[database.own_outbox]]\ntable = \"shop.outboxevent\"\nlayout = \"debezium\"\n");
  const auto found = run({"-o", "json", "--config", many, "relay", "status"}, {});
  EXPECT_THAT(found.out,
              HasSubstr(R"("database":"second","relay":"shop","log":"shop.outboxevent","position":0,"lag":1)"));
  EXPECT_THAT(found.out, testing::Not(HasSubstr(R"("database":"first")")));
}

/// Plays Debezium's connector: reads a slot, publishes what was inserted, and confirms it afterwards.
class Connector {
 public:
  Connector(const postgres::Database& database, std::string slot) : connection_(database), slot_(std::move(slot)) {
    (void)connection_.query("SELECT pg_catalog.pg_create_logical_replication_slot($1::text, 'test_decoding')",
                            postgres::Params{}.text(slot_));
  }
  /// One look: up to a few transactions are published, and then confirmed.
  void step() {
    const auto rows = connection_.query(
        "SELECT (c.lsn - '0/0'::pg_lsn)::bigint, c.data FROM pg_catalog.pg_logical_slot_peek_changes($1::text, NULL, "
        "20) c",
        postgres::Params{}.text(slot_));
    static const std::regex inserted{
        R"(table shop\.outboxevent: INSERT: .*aggregateid\[[^\]]*\]:'(\w+)'.*payload\[jsonb\]:'(\d+)'.*)"};
    for (int row = 0; row < rows.rows(); ++row) {
      const auto text = rows.text(row, 1);
      if (std::smatch found; std::regex_match(text, found, inserted))
        published_.push_back({found[1], std::stoi(found[2])});
    }
    if (rows.empty()) return;
    (void)connection_.query("SELECT pg_catalog.pg_replication_slot_advance($1::text, '0/0'::pg_lsn + $2::bigint)",
                            postgres::Params{}.text(slot_).bigint(rows.bigint(rows.rows() - 1, 0)));
  }
  [[nodiscard]] const std::vector<Published>& published() const { return published_; }

 private:
  postgres::Connection connection_;
  std::string slot_;
  std::vector<Published> published_;
};

/// Writes without a pause, two transactions at a time of which the slow one commits later what it wrote sooner.
class ShopWriters {
 public:
  explicit ShopWriters(const postgres::Database& database) {
    for (int id = 0; id < 2; ++id) {
      threads_.emplace_back([this, id, database](const std::stop_token& stop) {
        postgres::Connection connection{database};
        while (!stop.stop_requested()) {
          connection.execute("BEGIN; " + insert_own("w" + std::to_string(id), next_++));
          std::this_thread::sleep_for(id == 0 ? 2ms : 15ms);
          connection.execute("COMMIT");
        }
      });
    }
  }
  int stop() {
    threads_.clear();
    return next_;
  }

 private:
  std::atomic<int> next_{0};
  std::vector<std::jthread> threads_;
};

class TakingOver : public OwnOutboxCommand {
 protected:
  [[nodiscard]] Arguments arguments(const std::string& wait) const {
    return {"relay",  "take-over", "shop",   "--config", config_, "--log", "shop.outboxevent",
            "--slot", slot_,       "--wait", wait,       "--yes"};
  }
  [[nodiscard]] Finished take_over(const std::string& wait) const {
    Arguments all{"--database", uri("operator")};
    const auto rest = arguments(wait);
    all.insert(all.end(), rest.begin(), rest.end());
    return run(all);
  }
  std::vector<Published> relayed_until_idle() {
    RecordingSink sink;
    outbox::RelayOptions options;
    options.name = "shop";
    SystemClock clock;
    outbox::Relay relay{database_.as("relay"), relayd::message_log("annals", own_outbox()), sink, clock, options};
    const auto deadline = std::chrono::steady_clock::now() + 60s;
    while (relay.step(20ms).state != outbox::StepReport::State::idle && std::chrono::steady_clock::now() < deadline) {
    }
    EXPECT_TRUE(relay.drain(5s));
    std::vector<Published> all;
    for (const auto& message : sink.received) {
      EXPECT_EQ(message.topic, "outbox.event.order");
      all.push_back({message.key, std::stoi(message.payload)});
    }
    return all;
  }

  std::string slot_ = "dbz_" + std::to_string(::getpid());
};

TEST_F(TakingOver, LosesNothingAndRepeatsOnlyWhatCameAtTheSeam) {
  Connector connector{database_.superuser(), slot_};
  ShopWriters writers{database_.superuser()};
  std::atomic<bool> stop{false};
  std::jthread debezium{[&] {
    while (!stop) {
      connector.step();
      std::this_thread::sleep_for(5ms);
    }
  }};
  std::this_thread::sleep_for(200ms);
  mend();  // while both go on
  std::this_thread::sleep_for(200ms);
  const auto taken = take_over("60");
  EXPECT_EQ(taken.code, 0) << taken.err;
  const auto position = number("SELECT position FROM annals.relay_checkpoints WHERE log = 'shop.outboxevent'");
  std::this_thread::sleep_for(100ms);
  stop = true;
  debezium.join();
  const auto last_of_connector = connector.published().size();
  std::this_thread::sleep_for(100ms);
  const int count = writers.stop();

  auto all = connector.published();
  const auto relayed = relayed_until_idle();
  all.insert(all.end(), relayed.begin(), relayed.end());
  EXPECT_EQ(fault_in(all, count), "");
  EXPECT_GT(position, 0);
  EXPECT_GT(last_of_connector, 10U);
  EXPECT_LT(relayed.size(), static_cast<std::size_t>(count));  // nothing is published from the beginning
  EXPECT_GT(relayed.size(), 0U);
  connect().execute("SELECT pg_drop_replication_slot('" + slot_ + "')");
}

TEST_F(TakingOver, WaitsForAReaderThatHasNotPublishedYet) {
  mend();
  {
    Connector connector{database_.superuser(), slot_};
    connect().execute(insert_own("a", 0));
    const auto late = take_over("1");
    EXPECT_EQ(late.code, 3);
    EXPECT_THAT(late.err, HasSubstr("has not confirmed"));
    EXPECT_EQ(number("SELECT count(*) FROM annals.relay_checkpoints"), 0);
  }
  connect().execute("SELECT pg_drop_replication_slot('" + slot_ + "')");
  const auto gone = take_over("1");
  EXPECT_EQ(gone.code, 6);
  EXPECT_THAT(gone.err, HasSubstr("there is no logical slot"));
}

}  // namespace
}  // namespace annals::tests
