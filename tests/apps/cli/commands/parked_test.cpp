// annals outbox parked: what an operator sees and decides of messages that a relay set aside.
#include <fmt/format.h>

#include "annals/core/clock.hpp"
#include "annals/outbox/message_log.hpp"
#include "annals/outbox/relay.hpp"
#include "cli_test.hpp"
#include "outbox/recording_sink.hpp"

namespace annals::tests {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

/// Ten messages of two keys; position 4, of key k1, cannot be sent.
class ParkedCommand : public CliTest {
 protected:
  ParkedCommand() {
    connect().execute(
        "INSERT INTO annals.outbox (message_id, content_type, topic, key, type, payload, headers) "
        "SELECT gen_random_uuid(), 1, 'orders', 'k' || n % 2, 'T', convert_to('{\"n\":' || n || '}', 'UTF8'), "
        "ARRAY['trace', 'on'] FROM generate_series(1, 10) n");
    publish();
  }
  /// As operator: the doctor may look, and decide nothing.
  [[nodiscard]] Finished parked(Arguments words, const std::string& role = "operator") const {
    Arguments all{"--database", uri(role), "-o", "json", "outbox", "parked"};
    all.insert(all.end(), words.begin(), words.end());
    return run(all);
  }
  void publish() {
    auto database = database_.as("relay");
    SystemClock clock;
    outbox::Relay relay{database,
                        outbox::message_log("annals"),
                        sink_,
                        clock,
                        {.on_poison = {{.topics = "*", .policy = outbox::PoisonPolicy::park}}}};
    while (relay.step(std::chrono::milliseconds{20}).state != outbox::StepReport::State::idle) {
    }
  }
  RecordingSink sink_{{.unsendable = {4}}};
};

TEST_F(ParkedCommand, ListsWhatIsStuckAndWhatWaits) {
  const auto listed = parked({"list", "relay"}, "doctor");
  EXPECT_EQ(listed.code, 0) << listed.err;
  EXPECT_EQ(std::count(listed.out.begin(), listed.out.end(), '{'), 4);
  EXPECT_THAT(listed.out,
              AllOf(HasSubstr("\"position\":4,"), HasSubstr("\"state\":\"stuck\""), HasSubstr("message too large"),
                    HasSubstr("\"state\":\"waits\""), HasSubstr("waits behind another of its key")));
  EXPECT_THAT(parked({"list", "relay", "--key", "k1", "--reason", "x"}).out, Not(HasSubstr("position")));
  EXPECT_THAT(parked({"list", "relay", "--limit", "1"}).err, HasSubstr("there may be more"));
  EXPECT_THAT(parked({"list", "nobody"}).err, HasSubstr("set nothing aside"));
  EXPECT_THAT(output({"outbox", "parked", "list", "relay"}), HasSubstr("POSITION"));
}

TEST_F(ParkedCommand, ShowsAllOfOne) {
  const auto shown = parked({"show", "relay", "--position", "4"}, "doctor");
  EXPECT_EQ(shown.code, 0) << shown.err;
  EXPECT_THAT(shown.out, AllOf(HasSubstr(R"("data":{"n":4})"), HasSubstr(R"("headers":{"trace":"on"})"),
                               HasSubstr(R"("decisions":[])")));
  EXPECT_EQ(parked({"show", "relay", "--position", "5"}).code, 6);
}

TEST_F(ParkedCommand, HasOnePublishedWithOtherHeadersOnRecord) {
  EXPECT_EQ(parked({"edit-headers", "relay", "--position", "4", "--remove", "trace", "--set", "tenant=a=b", "--reason",
                    "wrong"})
                .code,
            0);
  EXPECT_EQ(parked({"edit-headers", "relay", "--position", "4", "--remove", "trace", "--reason", "wrong"}).code, 2)
      << "it is gone already";
  EXPECT_EQ(parked({"edit-headers", "relay", "--position", "4", "--set", "nothing", "--reason", "wrong"}).code, 2);
  EXPECT_EQ(parked({"edit-headers", "relay", "--position", "4", "--set", "ce_id=1", "--reason", "wrong"}).code, 2);
  EXPECT_EQ(parked({"retry", "relay", "--position", "4", "--reason", "limit raised"}).code, 0);
  sink_.options().unsendable.clear();
  publish();
  ASSERT_EQ(sink_.received.size(), 10U);
  const auto& retried = sink_.received[6];
  EXPECT_EQ(retried.position, 4);
  EXPECT_THAT(retried.metadata.headers, testing::ElementsAre(std::pair<std::string, std::string>{"tenant", "a=b"}));
  const auto shown = parked({"show", "relay", "--position", "4"}).out;
  EXPECT_THAT(shown,
              AllOf(HasSubstr("\"state\":\"published\""), HasSubstr(R"("action":"headers","by":"annals_operator")"),
                    HasSubstr(R"("action":"retry","by":"annals_operator")"), HasSubstr("limit raised")));
  EXPECT_THAT(parked({"list", "relay"}).err, HasSubstr("set nothing aside"));
  EXPECT_THAT(parked({"list", "relay", "--all"}).out, HasSubstr("published"));
}

TEST_F(ParkedCommand, GivesOneUp) {
  EXPECT_EQ(parked({"skip", "relay", "--position", "4", "--reason", "a test"}).code, 0);
  publish();
  EXPECT_EQ(sink_.received.size(), 9U);
  EXPECT_EQ(parked({"skip", "relay", "--position", "4", "--reason", "a test"}).code, 2) << "it is done";
  EXPECT_EQ(parked({"retry", "relay", "--position", "99", "--reason", "a test"}).code, 6);
}

TEST_F(ParkedCommand, ReleasesAKey) {
  sink_.options().unsendable.clear();
  const auto released = parked({"release", "relay", "--topic", "orders", "--key", "k0", "--reason", "x"});
  EXPECT_THAT(released.out, HasSubstr("\"retried\":1"));
  publish();
  EXPECT_EQ(sink_.received.size(), 10U);
  EXPECT_EQ(parked({"release", "relay", "--topic", "orders", "--key", "k1", "--reason", "x"}).code, 2);
}

TEST_F(ParkedCommand, TakesNoDecisionWithoutAReason) {
  const std::vector<Arguments> decisions{{"retry", "relay", "--position", "4"},
                                         {"skip", "relay", "--position", "4"},
                                         {"release", "relay", "--topic", "orders", "--key", "k0"},
                                         {"edit-headers", "relay", "--position", "4", "--remove", "trace"}};
  for (auto words : decisions) {
    const auto without = parked(words);
    EXPECT_EQ(without.code, 2);
    EXPECT_THAT(without.err, HasSubstr("--reason"));
    words.insert(words.end(), {"--reason", ""});
    const auto empty = parked(words);
    EXPECT_EQ(empty.code, 2);
    EXPECT_THAT(empty.err, HasSubstr("reason is empty"));
  }
  EXPECT_THAT(parked({"show", "relay", "--position", "4"}).out, HasSubstr(R"("decisions":[])"));
}

TEST_F(ParkedCommand, LetsNobodyDecideWhoMayOnlyLook) {
  for (const auto& words : {Arguments{"skip", "relay", "--position", "4", "--reason", "x"},
                            {"release", "relay", "--topic", "orders", "--key", "k0", "--reason", "x"}}) {
    const auto refused = parked(words, "doctor");
    EXPECT_NE(refused.code, 0);
    EXPECT_THAT(refused.err, HasSubstr("permission denied"));
  }
}

}  // namespace
}  // namespace annals::tests
