#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <map>

#include "annals/kafka/sink.hpp"
#include "annals/kafka/source.hpp"
#include "annals/outbox/claim_store.hpp"
#include "kafka/messages.hpp"
#include "support/error_of.hpp"

// What a KafkaSource makes of records whose payload is elsewhere.
namespace annals::tests {
namespace {

using kafka::Encoding;
using kafka::KafkaSink;
using kafka::KafkaSource;
using outbox::Claim;
using projections::IncomingMessage;
using std::chrono::milliseconds;
using ::testing::HasSubstr;

constexpr const char* sha256_of_abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

constexpr std::size_t large_bytes = 100'000;
constexpr const char* sha256_of_large = "d69e68988157833272305aaf21f453c800346e8a3640db6578e260215542e5d4";

/// Claim 1 is "abc"; claim 4 is large; claim 2 has been damaged; of claim 3 nobody says anything while the database is away.
class SomeClaims final : public outbox::ClaimStore {
 public:
  std::optional<std::string> fetch(const Claim& claim) override {
    if (claim.number == 3 && away) throw Error{ErrorKind::disconnected, "the database is away"};
    if (claim.number == 4) return std::string(large_bytes, 'x');
    if (claim.number == 1 || claim.number == 3) return "abc";
    return claim.number == 2 ? std::optional<std::string>{"abd"} : std::nullopt;
  }
  bool away = true;
};

std::string claim(std::int64_t number) {
  if (number == 4) return to_string(Claim{"shop", "annals", number, large_bytes, sha256_of_large});
  return to_string(Claim{"shop", "annals", number, 3, sha256_of_abc});
}

class SourceClaim : public ::testing::Test {
 protected:
  /// As a relay sends it.
  void send(KafkaSink::Options options, const std::vector<std::int64_t>& numbers) {
    options.settings = {{"bootstrap.servers", kafka_brokers()}};
    KafkaSink sink{std::move(options)};
    std::vector<TestMessage> messages = numbered(topic_, static_cast<std::int64_t>(numbers.size()), 1);
    Outcome outcome;
    for (std::size_t i = 0; i < messages.size(); ++i) {
      auto view = messages[i].view();
      const auto reference = claim(numbers[i]);
      const auto stub = outbox::claim_stub(reference);
      if (numbers[i] > 0) {
        view.claim = reference;
        view.payload = stub;
      }
      while (sink.send(view) == KafkaSink::Send::full) poll_into(sink, outcome, milliseconds{100});
    }
    drain(sink, outcome);
    EXPECT_EQ(delivered_count(outcome), messages.size());
  }
  KafkaSource::Options options(outbox::ClaimStore* store) const {
    return {.settings = {{"bootstrap.servers", kafka_brokers()}},
            .group = unique_topic("group"),
            .topics = {topic_},
            .claims = store};
  }
  static std::vector<IncomingMessage> receive(KafkaReader& source, std::size_t count) {
    std::vector<IncomingMessage> all;
    std::vector<IncomingMessage> some;
    for (int i = 0; i < 150 && all.size() < count; ++i) {
      source.receive(count - all.size(), milliseconds{200}, some);
      all.insert(all.end(), some.begin(), some.end());
    }
    EXPECT_EQ(all.size(), count);
    all.resize(count);
    return all;
  }

  const std::string topic_ = create_topic(unique_topic("claimed"), 1);
  SomeClaims store_;
};

class SourceClaimIn : public SourceClaim, public ::testing::WithParamInterface<Encoding> {};
INSTANTIATE_TEST_SUITE_P(, SourceClaimIn,
                         ::testing::Values(Encoding::cloudevents_binary, Encoding::cloudevents_structured,
                                           Encoding::raw, Encoding::debezium),
                         [](const auto& chosen) {
                           using enum Encoding;
                           return chosen.param == cloudevents_binary       ? "Binary"
                                  : chosen.param == cloudevents_structured ? "Structured"
                                  : chosen.param == raw                    ? "Raw"
                                                                           : "Debezium";
                         });

TEST_P(SourceClaimIn, GivesThePayloadAsIfItHadComeWhole) {
  send({.encodings = {{.encoding = GetParam(), .tombstone_types = {"annals.test.Numbered"}}}}, {0, 1});
  const auto record = read_all(topic_)[1];
  EXPECT_TRUE(record.has_value) << "a claim is no tombstone";
  EXPECT_NE(record.value, "");
  EXPECT_EQ(record.header("annals-claim"), claim(1));
  KafkaReader source{options(&store_)};
  const auto received = receive(source, 2);
  EXPECT_EQ(received[0].payload, "1") << "one that came whole";
  EXPECT_EQ(received[1].payload, "abc");
  EXPECT_EQ(received[1].damaged, "");
  for (const auto& header : received[1].metadata.headers) EXPECT_THAT(header.first, ::testing::Not(HasSubstr("claim")));
}

// A structured event says it in CloudEvents' own words, and so to those who read no headers.
TEST_F(SourceClaim, AStructuredEventHasADatarefAndNoData) {
  send({.encodings = {{.encoding = Encoding::cloudevents_structured}}}, {1});
  const auto value = read_all(topic_)[0].value;
  EXPECT_THAT(value, HasSubstr("\"dataref\":\"" + claim(1) + "\"}"));
  EXPECT_EQ(value.find("\"data\":"), std::string::npos);
  EXPECT_EQ(value.find("data_base64"), std::string::npos);
}

TEST_F(SourceClaim, MarksWhatIsGoneOrDamagedAndGoesOn) {
  send({}, {2, 9, 1});
  KafkaReader source{options(&store_)};
  const auto received = receive(source, 3);
  EXPECT_THAT(received[0].damaged, HasSubstr("has SHA-256"));
  EXPECT_THAT(received[1].damaged, HasSubstr("its time is over"));
  for (const auto i : {0U, 1U}) EXPECT_EQ(received[i].payload, outbox::claim_stub(claim(i == 0 ? 2 : 9)));
  EXPECT_EQ(received[2].payload, "abc");
}

TEST_F(SourceClaim, WithoutAStoreItIsDamagedAndNeverEmpty) {
  send({}, {1});
  KafkaReader source{options(nullptr)};
  const auto received = receive(source, 1);
  EXPECT_THAT(received[0].damaged, HasSubstr("KafkaSourceOptions::claims"));
  EXPECT_NE(received[0].payload, "");
}

// A database that is away is no verdict on a message: it comes again.
TEST_F(SourceClaim, WaitsForAStoreThatIsAwayAndLosesNothing) {
  send({}, {0, 3, 0});
  testing::MemoryOffsets record;
  const auto first = options(&store_);
  {
    KafkaReader source{first, record};
    const auto received = receive(source, 1);
    EXPECT_EQ(received[0].payload, "1");
    source.commit();
    std::vector<IncomingMessage> none;
    EXPECT_EQ(error_of([&] {
                for (int i = 0; i < 100 && none.empty(); ++i) source.receive(10, milliseconds{100}, none);
              }).kind(),
              ErrorKind::disconnected);
  }
  store_.away = false;
  KafkaReader source{first, record};
  const auto received = receive(source, 2);
  EXPECT_EQ(received[0].payload, "abc");
  EXPECT_EQ(received[1].payload, "3");
}

TEST_F(SourceClaim, IsRedeemedOfWhatCameWhileTheReaderWasBusyToo) {
  send({}, {1, 1});
  KafkaReader source{options(&store_)};
  EXPECT_EQ(receive(source, 1)[0].payload, "abc");
  for (int i = 0; i < 20; ++i) source.keep_alive();
  EXPECT_EQ(receive(source, 1)[0].payload, "abc");
}

/// A claim is a hundred bytes until it is redeemed.
TEST_F(SourceClaim, BoundsTheBytesOfOneReceiveByWhatIsRedeemed) {
  send({}, {4, 4, 4});
  auto bounded = options(&store_);
  bounded.receive_bytes_max = 50'000;
  KafkaReader source{bounded};
  std::vector<IncomingMessage> some;
  for (int total = 0; total < 3; ++total) {
    source.receive(10, milliseconds{10'000}, some);
    ASSERT_EQ(some.size(), 1U);
    EXPECT_EQ(some[0].payload.size(), large_bytes);
  }
}

}  // namespace
}  // namespace annals::tests
