#include "annals/kafka/settings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <memory>
#include <ostream>

#include "annals/core/error.hpp"
#include "annals/kafka/sink.hpp"

namespace annals::kafka {
namespace {

using testing::HasSubstr;
using testing::Not;

/// The message of the refusal; empty when the settings pass.
std::string refusal(Settings settings, Client client = Client::producer) {
  settings.try_emplace("bootstrap.servers", "localhost:9092");
  try {
    require_valid(settings, client);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::invalid);
    return error.what();
  }
  return {};
}

TEST(KafkaSettings, AcceptsWhatTheAllowListNames) {
  EXPECT_EQ(refusal({{"linger.ms", "20"}, {"compression.type", "zstd"}, {"security.protocol", "sasl_ssl"}}), "");
  EXPECT_EQ(refusal({{"session.timeout.ms", "6000"}}, Client::consumer), "");
}

TEST(KafkaSettings, TokenEndpointIsHttpsAndStaysSecret) {
  constexpr const char* name = "sasl.oauthbearer.token.endpoint.url";
  EXPECT_EQ(refusal({{name, "https://idp.example/token"}}), "");
  EXPECT_THAT(refusal({{name, "http://user:hunter2@idp.example/token"}}), Not(HasSubstr("hunter2")));
  EXPECT_THAT(refusal({{name, "HTTPS//idp.example"}}), HasSubstr("https://"));
}

TEST(KafkaSettings, NeedsBootstrapServers) {
  EXPECT_THROW(require_valid({}, Client::producer), Error);
  EXPECT_THROW(require_valid({{"bootstrap.servers", ""}}, Client::producer), Error);
}

struct Refused {
  const char* name;
  const char* value;
  const char* said;
};

void PrintTo(const Refused& refused, std::ostream* out) { *out << refused.name << '=' << refused.value; }

class KafkaSettingsRefused : public testing::TestWithParam<Refused> {};

TEST_P(KafkaSettingsRefused, SaysNameAndReason) {
  const auto text = refusal({{GetParam().name, GetParam().value}});
  EXPECT_THAT(text, HasSubstr(GetParam().name));
  EXPECT_THAT(text, HasSubstr(GetParam().said));
}

INSTANTIATE_TEST_SUITE_P(
    Dangerous, KafkaSettingsRefused,
    testing::Values(
        Refused{"plugin.library.paths", "/tmp/x.so", "loads code"}, Refused{"sasl.kerberos.kinit.cmd", "rm", "shell"},
        Refused{"sasl.kerberos.keytab", "$(x)", "shell"}, Refused{"ssl.engine.location", "/tmp/x.so", "loads code"},
        Refused{"ssl.providers", "x", "loads code"}, Refused{"test.mock.num.brokers", "1", "mock"},
        Refused{"test.mock.broker.rtt", "1", "mock"},
        Refused{"enable.ssl.certificate.verification", "false", "change the messages"},
        Refused{"ssl.endpoint.identification.algorithm", "none", "change the messages"}, Refused{"acks", "1", "lost"},
        Refused{"acks", "0", "lost"}, Refused{"ssl.cipher.suites", "ADH:@SECLEVEL=0", "encryption"},
        Refused{"ssl.curves.list", "P-192", "encryption"}, Refused{"ssl.sigalgs.list", "RSA+SHA1", "encryption"},
        Refused{"sasl.oauthbearer.token.endpoint.url", "http://idp/token", "https://"},
        Refused{"sasl.oauthbearer.token.endpoint.url", "file:///etc/passwd", "https://"},
        Refused{"request.required.acks", "1", "lost"}, Refused{"enable.idempotence", "false", "reorder"},
        Refused{"max.in.flight", "6", "order"}, Refused{"message.timeout.ms", "1000", "overtaken"},
        Refused{"delivery.timeout.ms", "1000", "overtaken"}, Refused{"retries", "3", "gives messages up"},
        Refused{"partitioner", "random", "same partition"},
        Refused{"queue.buffering.max.kbytes", "1", "queue_bytes_max"}, Refused{"sasl.mechanisms", "GSSAPI", "shell"},
        Refused{"transactional.id", "x", "transactions"}, Refused{"debug", "all", "logs nothing"},
        Refused{"log_level", "7", "logs nothing"}, Refused{"metadata.broker.list", "x", "bootstrap.servers"},
        Refused{"session.timeout.ms", "6000", "only for the consumer"}));

INSTANTIATE_TEST_SUITE_P(Misspelt, KafkaSettingsRefused,
                         testing::Values(Refused{"linger.msec", "5", "did you mean linger.ms?"},
                                         Refused{"linger", "5", "did you mean linger.ms?"},
                                         Refused{"zzzzzzzzzz", "5", "`annals-relay --list-kafka-settings` shows them"},
                                         Refused{"bootstrap.server", "x", "did you mean bootstrap.servers?"},
                                         Refused{"compresion.type", "lz4", "did you mean compression.type?"},
                                         Refused{"sasl.user.name", "x", "did you mean sasl.username?"},
                                         Refused{"fancy", "x", "allow-list"}));

TEST(KafkaSettings, ConsumerMayNotCommitByItself) {
  EXPECT_THAT(refusal({{"enable.auto.commit", "true"}}, Client::consumer), HasSubstr("not been processed"));
  EXPECT_THAT(refusal({{"partition.assignment.strategy", "cooperative-sticky"}}, Client::consumer), HasSubstr("2.10"));
  EXPECT_THAT(refusal({{"group.id", "g"}}, Client::consumer), HasSubstr("option of the source"));
}

TEST(KafkaSettings, SecretsStayOutOfMessages) {
  const Settings settings{{"bootstrap.servers", "localhost:1"}, {"sasl.password", std::string{"hunter2\0x", 9}}};
  try {
    require_valid(settings, Client::producer);
    FAIL() << "NUL went through";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), Not(HasSubstr("hunter2")));
  }
  try {
    const KafkaSink sink{
        {.settings = {{"bootstrap.servers", "localhost:1"}, {"security.protocol", "ssl"}, {"ssl.key.pem", "hunter2"}}}};
    FAIL() << "a bad key went through";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::invalid);
    EXPECT_THAT(error.what(), Not(HasSubstr("hunter2")));
  }
}

TEST(KafkaSettings, BadValueNamesTheSetting) {
  try {
    const KafkaSink sink{{.settings = {{"bootstrap.servers", "localhost:1"}, {"linger.ms", "soon"}}}};
    FAIL() << "went through";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::invalid);
    EXPECT_THAT(error.what(), HasSubstr("linger.ms"));
  }
}

TEST(KafkaSettings, ShowNoValueThatIsNotKnownToBeHarmless) {
  EXPECT_FALSE(is_secret("linger.ms"));
  EXPECT_TRUE(is_secret("sasl.password"));
  EXPECT_TRUE(is_secret("sasl.pasword"));
}

TEST(KafkaSettings, AllowListIsSortedAndKnownToLibrdkafka) {
  EXPECT_TRUE(std::ranges::is_sorted(allowed_settings(), {}, &AllowedSetting::name));
  const std::unique_ptr<rd_kafka_conf_t, decltype(&rd_kafka_conf_destroy)> conf{rd_kafka_conf_new(),
                                                                                rd_kafka_conf_destroy};
  for (const auto& row : allowed_settings()) {
    if (row.name == "retry.backoff.max.ms") continue;  // since librdkafka 2.3
    char text[128] = "";
    const auto result = rd_kafka_conf_set(conf.get(), std::string{row.name}.c_str(), nullptr, text, sizeof text);
    EXPECT_NE(result, RD_KAFKA_CONF_UNKNOWN) << row.name << ": " << text;
    EXPECT_EQ(row.values.empty(), row.reason.empty()) << row.name;
  }
}

}  // namespace
}  // namespace annals::kafka
