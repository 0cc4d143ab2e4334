#include <gmock/gmock.h>
#include <sys/stat.h>

#include <algorithm>
#include <cctype>
#include <fstream>
#include <iterator>
#include <ostream>
#include <set>

#include "annals/core/event_id.hpp"
#include "relay/settings/config_listing.hpp"
#include "relay/settings/config_loader.hpp"
#include "relay/settings/setting.hpp"
#include "relay/settings/toml_file.hpp"

namespace annals::relayd {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

/// A file of this test, gone at the end.
class File {
 public:
  explicit File(const std::string& text, mode_t mode = 0600)
      : path_(::testing::TempDir() + EventId::generate().to_string() + ".toml") {
    std::ofstream{path_} << text;
    chmod(path_.c_str(), mode);
  }
  ~File() { std::remove(path_.c_str()); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

const std::string minimal = "[database]\nuri = \"postgresql://u@localhost/d\"\n[kafka]\nbrokers = \"localhost:9092\"\n";

LoadedConfig load(const std::string& text, std::map<std::string, std::string> environment = {}) {
  const File file{text};
  return load_config({.file = file.path(), .environment = std::move(environment), .flags = {}});
}

TEST(RelayConfig, TakesDefaultsForAllThatIsNotSaid) {
  const auto loaded = load(minimal);
  EXPECT_THAT(loaded.problems, IsEmpty());
  EXPECT_THAT(loaded.warnings, IsEmpty());
  EXPECT_EQ(loaded.config.relay.name, "relay");
  EXPECT_THAT(loaded.config.sources, ElementsAre("outbox"));
  EXPECT_EQ(to_string(*loaded.config.http.listen), "127.0.0.1:9464");
}

TEST(RelayConfig, RefusesEncodingsThatWouldTakeAKeyApart) {
  const auto loaded = load(minimal + "[[encoding]]\ntopic = \"a\"\n[[encoding]]\npartition = \"header:tenant\"\n");
  EXPECT_THAT(loaded.problems, ElementsAre(AllOf(HasSubstr("encoding 2 (topic *): and encoding 1 (topic a) choose"),
                                                 HasSubstr("Hint: a key would be in two partitions"))));
  const auto good = load(minimal + "[[encoding]]\ntopic = \"a\"\nformat = \"raw\"\n");
  EXPECT_THAT(good.problems, IsEmpty());
  EXPECT_THAT(print_config(good), HasSubstr("a=raw"));
}

TEST(RelayConfig, ExampleIsGoodAndMentionsEverySetting) {
  const auto loaded = load_config({.file = ANNALS_RELAY_EXAMPLE, .environment = {}, .flags = {}});
  EXPECT_THAT(loaded.problems, IsEmpty());
  EXPECT_THAT(loaded.warnings, IsEmpty()) << "copied as it is, it warns of nothing";
  EXPECT_THAT(loaded.config.database.uri, HasSubstr("sslmode=verify-full"));
  EXPECT_EQ(loaded.config.relay.routes.size(), 2U);
  std::ifstream in{ANNALS_RELAY_EXAMPLE};
  const std::string text{std::istreambuf_iterator<char>{in}, {}};
  for (const auto& setting : all_settings()) {
    const bool table = setting.key == "relay.routes" || setting.key == "kafka.settings";
    if (!table) {
      EXPECT_THAT(text, HasSubstr(std::string{setting.key.substr(setting.key.find('.') + 1)} + " = "));
    }
  }
  for (const auto* table : {"[[route]]", "[kafka.settings]"}) {
    EXPECT_THAT(text, HasSubstr(table));
  }
}

TEST(RelayConfig, ExampleShowsTheDefaults) {
  const auto loaded = load_config({.file = ANNALS_RELAY_EXAMPLE, .environment = {}, .flags = {}});
  for (const auto& setting : all_settings()) {
    const bool own = setting.key == "database.uri" || setting.key == "relay.sources" || setting.key == "relay.routes" ||
                     setting.key == "kafka.settings" || setting.key == "kafka.brokers" || setting.key == "kafka.source";
    if (!own) {
      EXPECT_EQ(setting.show(loaded.config), setting.show(Config{})) << setting.key;
    }
  }
}

TEST(RelayConfig, FlagWinsOverEnvironmentOverFile) {
  const File file{minimal + "[relay]\nname = \"file\"\nsink = \"kafka\"\n[log]\nlevel = \"warn\"\n"};
  const auto loaded =
      load_config({.file = file.path(),
                   .environment = {{"ANNALS_RELAY_NAME", "environment"}, {"ANNALS_RELAY_SINK", "stdout"}},
                   .flags = {{"relay.name", "flag"}}});
  EXPECT_THAT(loaded.problems, IsEmpty());
  EXPECT_EQ(loaded.config.relay.name, "flag");
  EXPECT_EQ(loaded.config.sink, SinkKind::standard_output);
  EXPECT_EQ(loaded.config.log.level, "warn");
  EXPECT_EQ(loaded.origins.at("relay.name"), "--name");
  EXPECT_EQ(loaded.origins.at("relay.sink"), "ANNALS_RELAY_SINK");
  EXPECT_THAT(loaded.origins.at("log.level"), HasSubstr(":9"));
}

TEST(RelayConfig, FlattensQuotedAndNestedKafkaSettings) {
  const auto loaded = load(minimal + "[kafka.settings]\n\"linger.ms\" = 7\ncompression.type = \"zstd\"\n");
  EXPECT_THAT(loaded.problems, IsEmpty());
  EXPECT_EQ(loaded.config.kafka.settings.at("linger.ms"), "7");
  EXPECT_EQ(loaded.config.kafka.settings.at("compression.type"), "zstd");
}

struct Bad {
  const char* name;
  const char* text;     ///< added to the minimal file, whose last line is 4
  const char* message;  ///< part of the problem
  const char* hint;
};

void PrintTo(const Bad& bad, std::ostream* out) { *out << bad.name; }

class RelayConfigProblem : public ::testing::TestWithParam<Bad> {};

TEST_P(RelayConfigProblem, NamesPlaceKeyAndRemedy) {
  const auto loaded = load(minimal + GetParam().text);
  EXPECT_THAT(loaded.problems,
              Contains(AllOf(HasSubstr(GetParam().message), HasSubstr("Hint: "), HasSubstr(GetParam().hint))));
}

INSTANTIATE_TEST_SUITE_P(
    Inputs, RelayConfigProblem,
    ::testing::Values(
        Bad{"UnknownKey", "[relay]\nnmae = \"x\"\n", ".toml:6: relay.nmae is not a setting",
            "did you mean relay.name?"},
        Bad{"UnknownSection", "[relai]\nname = \"x\"\n", ".toml:5: relai is not a setting", "did you mean relay?"},
        Bad{"KeyOutsideOfSections", "[log]\n[limits]\n[http]\n[relay]\nfoo.bar = 1\n", ":9: relay.foo", "example"},
        Bad{"TextForInteger", "[relay]\nbatch_rows_max = \"many\"\n",
            ":6: relay.batch_rows_max is a string, not an integer", ""},
        Bad{"IntegerForText", "[relay]\nname = 7\n", ":6: relay.name is an integer, not a string", ""},
        Bad{"TextForBoolean", "[http]\nallow_remote = \"yes\"\n",
            ":6: http.allow_remote is a string, not true or false", ""},
        Bad{"TextForList", "[relay]\nsources = \"outbox\"\n", ":6: relay.sources is a string, not a list of strings",
            ""},
        Bad{"SectionForText", "[relay.name]\nx = 1\n", ": relay.name is a table, not a string", ""},
        Bad{"TextForSection", "[[limits]]\n", ": limits is a list, not a section", "write [limits]"},
        Bad{"OutOfRange", "[relay]\nbatch_rows_max = 0\n", ":6: relay.batch_rows_max: 0 is out of range", "from 1 to"},
        Bad{"NegativeTimeout", "[limits]\ndrain_timeout_ms = -1\n", ":6: limits.drain_timeout_ms: -1 is out of range",
            "from 0"},
        Bad{"UnknownSink", "[relay]\nsink = \"kafak\"\n", ":6: relay.sink: \"kafak\" is not allowed",
            "did you mean kafka?"},
        Bad{"UnknownDelivery", "[relay]\ndelivery = \"exactly-onec\"\n",
            ":6: relay.delivery: \"exactly-onec\" is not allowed", "did you mean exactly-once?"},
        Bad{"ExactlyOnceToStdout", "[relay]\nsink = \"stdout\"\ndelivery = \"exactly-once\"\n",
            "relay.delivery is exactly-once and relay.sink is stdout", "relay.sink = \"kafka\""},
        Bad{"TransactionsThatOutgrowTheirTimeout",
            "[relay]\ndelivery = \"exactly-once\"\ncheckpoint_interval_ms = 9000\n",
            "relay.checkpoint_interval_ms is more than half of kafka.transaction_timeout_ms", "lower the one"},
        Bad{"KafkaTransactionalId", "[kafka.settings]\n\"transactional.id\" = \"mine\"\n", "transactional.id",
            "remove it"},
        Bad{"RateLimitWithoutTopic", "[relay]\nrate_limits = [\"100\"]\n",
            ":6: relay.rate_limits: \"100\" is not topic=messages", "0 is no limit"},
        Bad{"RateLimitThatIsNoNumber", "[relay]\nrate_limits = [\"*=fast\"]\n", ":6: relay.rate_limits: ", ""},
        Bad{"RateLimitTwice", "[relay]\nrate_limits = [\"t=1\", \"t=2\"]\n",
            ":6: relay.rate_limits: two limits for topic t", "keep one"},
        Bad{"PoisonRuleWithoutPolicy", "[relay]\non_poison = [\"park\"]\n",
            ":6: relay.on_poison: \"park\" is not topic=policy", "shop.*=park"},
        Bad{"PoisonPolicyTypo", "[relay]\non_poison = [\"*=prak\"]\n", ":6: relay.on_poison: \"prak\" is no policy",
            "dead-letter:TOPIC"},
        Bad{"PoisonRuleTwice", "[relay]\non_poison = [\"t=park\", \"t=halt\"]\n",
            ":6: relay.on_poison: two rules for topic t", "keep one"},
        Bad{"ClaimThresholdTooSmall", "[relay]\nclaim_check = [\"*=10\"]\n", ":6: relay.claim_check: ", "1024"},
        Bad{"ClaimRuleTwice", "[relay]\nclaim_check = [\"t\", \"t=off\"]\n",
            ":6: relay.claim_check: two rules for topic t", "keep one"},
        Bad{"ClaimThresholdAboveWhatIsSent", "[relay]\nclaim_check = [\"*=1000001\"]\n",
            "relay.claim_check *=1000001 is more than message.max.bytes, 1000000", "lower the one"},
        Bad{"PoisonRuleForNoTopic", "[relay]\non_poison = [\"a b=park\"]\n", ":6: relay.on_poison: ", ""},
        Bad{"UnknownSource", "[relay]\nsources = [\"inbox\"]\n", ":6: relay.sources: \"inbox\" is not a source",
            "outbox"},
        Bad{"SourceTwice", "[relay]\nsources = [\"outbox\", \"outbox\"]\n",
            ":6: relay.sources: \"outbox\" is there twice", ""},
        Bad{"NoSource", "[relay]\nsources = []\n", ":6: relay.sources: no source is named", ""},
        Bad{"BadSchema", "[database]\nschema = \"a b\"\n", ":5:", ""},
        Bad{"DuplicateKey", "[relay]\nname = \"a\"\nname = \"b\"\n", ".toml:7:", "once"},
        Bad{"DuplicateSection", "[kafka]\nsource = \"x\"\n", ".toml:5:", "once"},
        Bad{"NotToml", "[relay\n", ".toml:5:", "a section is written [name]"},
        Bad{"ChangesWithoutCapture", "[relay]\nsources = [\"changes\"]\n", "the source \"changes\" has no capture",
            "[[capture]]"},
        Bad{"CaptureOfNoTable", "[[capture]]\ntable = \"orders\"\ntopic = \"t\"\n",
            "does not name a schema and a table", "schema.table"},
        Bad{"CapturesNoList", "[capture]\ntable = \"a.b\"\n", "capture is not a list of sections", "[[capture]]"},
        Bad{"EventsWithoutRoute", "[relay]\nsources = [\"events\"]\n", "the source \"events\" has no route",
            "[[route]]"},
        Bad{"EventsByShard",
            "[relay]\nsources = [\"events\"]\n[[route]]\ncategory = \"*\"\ntopic = \"t\"\n[[encoding]]\npartition = "
            "\"shard\"\n",
            "an encoding has partition = \"shard\"", "a relay of its own for the outbox"},
        Bad{"RouteWithoutTopic", "[[route]]\ncategory = \"order\"\n", ":5: a route has no topic", "category"},
        Bad{"RouteWithoutCategory", "[[route]]\ntopic = \"orders\"\n", ":5: a route has no category", "category"},
        Bad{"RouteToIllegalTopic", "[[route]]\ncategory = \"a\"\ntopic = \"a b\"\n", ":5: route.topic: ", ""},
        Bad{"RouteTwice", "[[route]]\ncategory = \"a\"\ntopic = \"x\"\n[[route]]\ncategory = \"a\"\ntopic = \"y\"\n",
            ":8: two routes for category \"a\"", "keep one"},
        Bad{"RouteWithUnknownKey", "[[route]]\ncategory = \"a\"\ntpoic = \"x\"\n", ":7: route.tpoic is not a setting",
            "topic"},
        Bad{"RouteAsTable", "[route]\ncategory = \"a\"\n", "route is not a list of sections", "[[route]]"},
        Bad{"RemoteListen", "[http]\nlisten = \"0.0.0.0:9464\"\n", ":6: http.listen is 0.0.0.0:9464", "allow_remote"},
        Bad{"ListenWithoutPort", "[http]\nlisten = \"localhost\"\n", ":6: http.listen: \"localhost\"", "9464"},
        Bad{"ListenOnIllegalPort", "[http]\nlisten = \"127.0.0.1:99999\"\n", ":6: http.listen: 99999 is out of range",
            "65535"},
        Bad{"LogLevel", "[log]\nlevel = \"wran\"\n", ":6: log.level: \"wran\" is not allowed", "did you mean warn?"},
        Bad{"KafkaSettingThatBreaksAPromise", "[kafka.settings]\n\"enable.idempotence\" = false\n",
            "enable.idempotence", ""},
        Bad{"KafkaSettingThatLoadsCode", "[kafka.settings]\n\"plugin.library.paths\" = \"evil\"\n",
            "plugin.library.paths", ""},
        Bad{"KafkaSettingTypo", "[kafka.settings]\n\"lingr.ms\" = 5\n", "lingr.ms", "linger.ms"},
        Bad{"KafkaBrokersTwice", "[kafka.settings]\n\"bootstrap.servers\" = \"x:1\"\n", "bootstrap.servers",
            "kafka.brokers"},
        Bad{"KafkaSettingAsList", "[kafka.settings]\n\"linger.ms\" = [5]\n", ":6: kafka.settings.linger.ms is a list",
            ""}),
    [](const auto& bad) { return bad.param.name; });

TEST(RelayConfig, TakesRateLimits) {
  const auto loaded = load(minimal + "[relay]\nrate_limits = [\"*=5000\", \"shop.orders=0/65536\"]\n");
  EXPECT_THAT(loaded.problems, IsEmpty());
  EXPECT_THAT(loaded.config.relay.rate_limits,
              ElementsAre(outbox::RateLimit{.topic = "*", .messages_per_second = 5000},
                          outbox::RateLimit{.topic = "shop.orders", .bytes_per_second = 65536}));
  EXPECT_THAT(print_config(loaded), HasSubstr("*=5000/0,shop.orders=0/65536"));
}

TEST(RelayConfig, TakesPoisonRules) {
  const auto loaded =
      load(minimal + "[relay]\non_poison = [\"*=park\", \"a=dead-letter\", \"b.*=dead-letter:b.dead\"]\n");
  EXPECT_THAT(loaded.problems, IsEmpty());
  using enum outbox::PoisonPolicy;
  EXPECT_THAT(loaded.config.relay.on_poison,
              ElementsAre(outbox::PoisonRule{.topics = "*", .policy = park},
                          outbox::PoisonRule{.topics = "a", .policy = dead_letter},
                          outbox::PoisonRule{.topics = "b.*", .policy = dead_letter, .dead_letter_topic = "b.dead"}));
  EXPECT_THAT(print_config(loaded), HasSubstr("*=park,a=dead-letter,b.*=dead-letter:b.dead"));
}

TEST(RelayConfig, TakesClaimRules) {
  const auto loaded = load(minimal + "[relay]\nclaim_check = [\"*\", \"a.*=200000\", \"a.b=off\"]\n");
  EXPECT_THAT(loaded.problems, IsEmpty());
  EXPECT_THAT(loaded.config.relay.claim_checks,
              ElementsAre(outbox::ClaimRule{.topics = "*"}, outbox::ClaimRule{.topics = "a.*", .above_bytes = 200'000},
                          outbox::ClaimRule{.topics = "a.b", .above_bytes = 0}));
  EXPECT_THAT(print_config(loaded), HasSubstr("*=900000,a.*=200000,a.b=off"));
  const std::string raised = "claim_check = [\"*=1000001\"]\n[kafka.settings]\n\"message.max.bytes\" = 2000000\n";
  EXPECT_THAT(load(minimal + "[relay]\n" + raised).problems, IsEmpty());
}

TEST(RelayConfig, ReportsAllProblemsAtOnce) {
  EXPECT_EQ(load(minimal + "[relay]\nnmae = \"x\"\nbatch_rows_max = 0\n[logg]\n").problems.size(), 3U);
}

TEST(RelayConfig, DemandsDatabaseAndBrokers) {
  const auto loaded = load("");
  EXPECT_THAT(loaded.problems,
              ElementsAre(HasSubstr("database.uri is missing"), HasSubstr("kafka.brokers is missing")));
  EXPECT_THAT(load("[database]\nuri = \"postgresql://\"\n[relay]\nsink = \"stdout\"\n").problems, IsEmpty());
}

TEST(RelayConfig, WarnsOfUnknownVariablesOfItsOwn) {
  const auto loaded = load(minimal, {{"ANNALS_RELAY_NMAE", "x"}});
  EXPECT_THAT(loaded.problems, IsEmpty());
  EXPECT_THAT(loaded.warnings,
              ElementsAre(AllOf(HasSubstr("ANNALS_RELAY_NMAE is not"), HasSubstr("did you mean ANNALS_RELAY_NAME?"))));
  EXPECT_THAT(load(minimal, {{"ANNALS_OTHER", "x"}}).warnings, IsEmpty());
}

TEST(RelayConfig, IgnoresWhatKubernetesSetsForAServiceOfItsName) {
  const auto loaded = load(minimal, {{"ANNALS_RELAY_PORT", "tcp://10.0.0.7:9464"},
                                     {"ANNALS_RELAY_SERVICE_HOST", "10.0.0.7"},
                                     {"ANNALS_RELAY_SERVICE_PORT", "9464"},
                                     {"ANNALS_RELAY_SERVICE_PORT_HTTP", "9464"},
                                     {"ANNALS_RELAY_PORT_9464_TCP", "tcp://10.0.0.7:9464"},
                                     {"ANNALS_RELAY_PORT_9464_TCP_ADDR", "10.0.0.7"},
                                     {"ANNALS_RELAY_PORT_9464_TCP_PORT", "9464"},
                                     {"ANNALS_RELAY_PORT_9464_TCP_PROTO", "tcp"}});
  EXPECT_THAT(loaded.problems, IsEmpty());
  EXPECT_THAT(loaded.warnings, IsEmpty());
}

TEST(RelayConfig, EverySettingHasAFlagAndAVariableOfItsOwn) {
  std::set<std::string_view> names;
  for (const auto& setting : all_settings()) {
    EXPECT_TRUE(setting.flag.starts_with("--") && names.insert(setting.flag).second) << setting.key;
    EXPECT_TRUE(setting.env.starts_with("ANNALS_") && names.insert(setting.env).second) << setting.key;
  }
}

/// "relay.batch_rows_max" is ANNALS_RELAY_BATCH_ROWS_MAX and --batch-rows-max: the section is dropped, except of some.
TEST(RelayConfig, FlagAndVariableFollowFromTheKey) {
  const std::set<std::string_view> of_both_programs{"database.uri", "database.uri_file", "database.schema",
                                                    "kafka.brokers"};
  const std::map<std::string_view, std::string_view> one_at_a_time{{"relay.routes", "--route"},
                                                                   {"kafka.settings", "--kafka-setting"}};
  for (const auto& setting : all_settings()) {
    if (of_both_programs.contains(setting.key)) continue;
    const auto dot = setting.key.find('.');
    const auto section = setting.key.substr(0, dot);
    const bool is_kept = std::set<std::string_view>{"kafka", "log", "registry", "tracing"}.contains(section);
    std::string name{is_kept ? setting.key : setting.key.substr(dot + 1)};
    std::replace(name.begin(), name.end(), '.', '_');
    std::string variable = "ANNALS_RELAY_" + name;
    std::transform(variable.begin(), variable.end(), variable.begin(), [](unsigned char c) { return std::toupper(c); });
    EXPECT_EQ(setting.env, variable) << setting.key;
    std::replace(name.begin(), name.end(), '_', '-');
    const auto single = one_at_a_time.find(setting.key);
    EXPECT_EQ(setting.flag, single == one_at_a_time.end() ? "--" + name : std::string{single->second}) << setting.key;
  }
}

TEST(RelayConfig, TakesTheLibrariesDefaults) {
  const auto loaded = load(minimal);
  const outbox::RelayOptions relay;
  const kafka::KafkaSinkOptions kafka;
  const auto options = relay_options(loaded.config, "outbox");
  EXPECT_EQ(options.name, relay.name);
  EXPECT_EQ(options.batch_rows_max, relay.batch_rows_max);
  EXPECT_EQ(options.batch_bytes_max, relay.batch_bytes_max);
  EXPECT_EQ(options.mine_from_bytes, relay.mine_from_bytes);
  EXPECT_EQ(options.mine_batch_bytes, relay.mine_batch_bytes);
  EXPECT_EQ(options.in_flight_max, relay.in_flight_max);
  EXPECT_EQ(options.checkpoint_interval, relay.checkpoint_interval);
  EXPECT_EQ(options.standby_poll, relay.standby_poll);
  EXPECT_EQ(sink_options(loaded.config).queue_messages_max, kafka.queue_messages_max);
  EXPECT_EQ(sink_options(loaded.config).queue_bytes_max, kafka.queue_bytes_max);
  EXPECT_EQ(sink_options(loaded.config).topic_wait_max, kafka.topic_wait_max);
  EXPECT_EQ(sink_options(loaded.config).close_timeout, kafka.close_timeout);
  EXPECT_EQ(sink_options(loaded.config).settings.at("bootstrap.servers"), "localhost:9092");
}

TEST(RelayConfig, TakesRoutesFromTheEnvironmentInPlaceOfTheFile) {
  const auto* file = "[relay]\nsources = [\"events\"]\n[[route]]\ncategory = \"a\"\ntopic = \"file\"\n";
  const auto loaded = load(minimal + file, {{"ANNALS_RELAY_ROUTES", "order=shop.orders, *=shop.events"}});
  EXPECT_THAT(loaded.problems, IsEmpty());
  ASSERT_EQ(loaded.config.relay.routes.size(), 2U);
  EXPECT_EQ(loaded.config.relay.routes[1].category, "*");
  EXPECT_EQ(loaded.config.relay.routes[1].topic, "shop.events");
  for (const auto* bad : {"order", "=topic", "order=a b", "a=x,a=y"}) {
    EXPECT_EQ(load(minimal, {{"ANNALS_RELAY_ROUTES", bad}}).problems.size(), 1U) << bad;
  }
}

TEST(RelayConfig, TakesTheSchemaThatBothProgramsTake) {
  EXPECT_EQ(load(minimal, {{"ANNALS_SCHEMA", "shop"}}).config.database.schema, "shop");
}

TEST(RelayConfig, WarnsOfARemoteDatabaseWithoutTls) {
  const auto text = [](const std::string& uri) {
    return "[database]\nuri = \"" + uri + "\"\n[kafka]\nbrokers = \"localhost:9092\"\n";
  };
  EXPECT_THAT(load(text("postgresql://u@db.example/d")).warnings, ElementsAre(HasSubstr("sslmode=verify-full")));
  EXPECT_THAT(load(text("postgresql://u@db.example/d?sslmode=verify-full")).warnings, IsEmpty());
}

TEST(RelayConfig, WarnsOfRemoteBrokersWithoutTls) {
  const auto warnings = [](const std::string& brokers, const std::string& settings = {}) {
    return load("[database]\nuri = \"postgresql://u@localhost/d\"\n[kafka]\nbrokers = \"" + brokers + "\"\n" + settings)
        .warnings;
  };
  EXPECT_THAT(warnings("localhost:9092,127.0.0.1:9093,[::1]:9094"), IsEmpty());
  EXPECT_THAT(warnings("localhost:9092,kafka.example:9092"), ElementsAre(HasSubstr("security.protocol")));
  EXPECT_THAT(warnings("k:9092", "[kafka.settings]\n\"security.protocol\" = \"sasl_plaintext\"\n"),
              ElementsAre(HasSubstr("nothing demands TLS")));
  EXPECT_THAT(warnings("k:9092", "[kafka.settings]\n\"security.protocol\" = \"sasl_ssl\"\n"), IsEmpty());
}

TEST(RelayConfig, NeverShowsAUriThatIsNotEscaped) {
  const auto loaded =
      load("[database]\nuri = \"postgresql://u:canary/9@h/d\"\n[kafka]\nbrokers = \"localhost:9092\"\n");
  ASSERT_EQ(loaded.problems.size(), 1U);
  EXPECT_THAT(loaded.problems[0] + print_config(loaded), AllOf(HasSubstr("%40"), Not(HasSubstr("canary"))));
}

TEST(RelayConfig, HidesKafkaSettingsThatItDoesNotKnow) {
  const auto loaded = load(minimal + "[kafka.settings]\n\"sasl.pasword\" = \"canary-9\"\n\"linger.ms\" = 7\n");
  EXPECT_THAT(print_config(loaded), AllOf(HasSubstr("sasl.pasword"), Not(HasSubstr("canary-9")), HasSubstr("7")));
  EXPECT_THAT(loaded.problems, Contains(HasSubstr("sasl.pasword")));
}

TEST(RelayConfig, SaysThatTheFileCannotBeRead) {
  const auto loaded = load_config({.file = "/nowhere/relay.toml", .environment = {}, .flags = {}});
  EXPECT_THAT(loaded.problems, Contains(HasSubstr("/nowhere/relay.toml: cannot be read")));
}

TEST(RelayConfig, ReadsTheUriFromAFile) {
  const File uri{"postgresql://u:canary-1@h/d\n"};
  const auto loaded = load("[kafka]\nbrokers = \"localhost:1\"\n[database]\nuri_file = \"" + uri.path() + "\"\n");
  EXPECT_THAT(loaded.problems, IsEmpty());
  EXPECT_EQ(loaded.config.database.uri, "postgresql://u:canary-1@h/d");
}

TEST(RelayConfig, RefusesUriAndUriFileInOnePlaceAndLetsTheStrongerPlaceWin) {
  const File uri{"postgresql://u@file/d"};
  const auto both = "[kafka]\nbrokers = \"localhost:1\"\n[database]\nuri = \"postgresql://u@here/d\"\nuri_file = \"" +
                    uri.path() + "\"\n";
  EXPECT_THAT(load(both).problems, ElementsAre(HasSubstr("are both given")));
  EXPECT_EQ(load(minimal, {{"ANNALS_DATABASE_FILE", uri.path()}}).config.database.uri, "postgresql://u@file/d");
  const auto file_only = "[kafka]\nbrokers = \"localhost:1\"\n[database]\nuri_file = \"" + uri.path() + "\"\n";
  EXPECT_EQ(load(file_only, {{"ANNALS_DATABASE", "postgresql://env/d"}}).config.database.uri, "postgresql://env/d");
}

TEST(RelayConfig, ReadsKafkaSecretsFromAFile) {
  const File settings{"# secrets\nsasl.password = canary-2\n\nsasl.username=u\n"};
  const auto loaded = load(minimal + "settings_file = \"" + settings.path() + "\"\n");
  EXPECT_THAT(loaded.problems, IsEmpty());
  EXPECT_EQ(loaded.config.kafka.settings.at("sasl.password"), "canary-2");
  EXPECT_EQ(loaded.secrets.removed_from("x canary-2 y"), "x *** y");
}

TEST(RelayConfig, WarnsAboutAPasswordThatEverybodyCanRead) {
  const File open{"[database]\nuri = \"postgresql://u:canary-3@localhost/d\"\n[kafka]\nbrokers = \"localhost:1\"\n",
                  0644};
  const auto loaded = load_config({.file = open.path(), .environment = {}, .flags = {}});
  EXPECT_THAT(loaded.warnings, ElementsAre(AllOf(HasSubstr("chmod o-r"), Not(HasSubstr("canary")))));
  const File closed{"[database]\nuri = \"postgresql://u:canary-3@localhost/d\"\n[kafka]\nbrokers = \"localhost:1\"\n",
                    0640};
  EXPECT_THAT(load_config({.file = closed.path(), .environment = {}, .flags = {}}).warnings, IsEmpty());
}

TEST(RelayConfig, WarnsAboutAPasswordOnTheCommandLine) {
  const auto loaded = load_config({.file = {},
                                   .environment = {{"ANNALS_KAFKA", "localhost:1"}},
                                   .flags = {{"database.uri", "postgresql://u:canary-4@localhost/d"}}});
  EXPECT_THAT(loaded.warnings, ElementsAre(AllOf(HasSubstr("--database"), Not(HasSubstr("canary")))));
}

TEST(RelayConfig, PrintsOriginsAndNoSecrets) {
  const auto loaded = load(
      "[database]\nuri = \"postgresql://u:canary%205@h/d?sslpassword=canary-6\"\n[kafka]\nbrokers = \"localhost:1\"\n"
      "[kafka.settings]\n\"sasl.password\" = \"canary-7\"\n");
  EXPECT_THAT(loaded.problems, IsEmpty());
  const auto text = print_config(loaded);
  EXPECT_THAT(text, Not(HasSubstr("canary")));
  EXPECT_THAT(text, HasSubstr("host=h"));
  EXPECT_THAT(text, HasSubstr("# default"));
}

TEST(RelayConfig, KeepsSecretsOutOfProblems) {
  for (const char* uri : {"postgresql://u:canary@h/d?bogus=1", "host=h password='canary", "password=canary bogus=1"}) {
    const auto loaded = load(std::string{"[kafka]\nbrokers = \"localhost:1\"\n[database]\nuri = \""} + uri + "\"\n");
    ASSERT_FALSE(loaded.problems.empty()) << uri;
    for (const auto& problem : loaded.problems) EXPECT_THAT(problem, Not(HasSubstr("canary")));
  }
  for (const auto& problem : load("[database]\nuri = \"postgresql://u:canary@h/d\n").problems) {
    EXPECT_THAT(problem, Not(HasSubstr("canary")));
  }
}

}  // namespace
}  // namespace annals::relayd
