// The relay and a real broker: a message that the broker refuses, deep in a backlog, is given up and nothing else is.
#include <gmock/gmock.h>

#include <map>
#include <set>

#include "annals/kafka/sink.hpp"
#include "annals/outbox/status.hpp"
#include "relay_test_base.hpp"
#include "support/kafka_topic.hpp"

namespace annals::tests {
namespace {

using testing::HasSubstr;

constexpr int backlog = 8'000;
constexpr int refused = 6'001;

class RelayKafka : public RelayTestBase, public ::testing::WithParamInterface<const char*> {
 protected:
  /// `backlog` messages over 50 keys; the one at position `refused` is too large for its topic.
  void enqueue_backlog(const std::string& topic, const std::string& narrow) {
    for (int first = 1; first <= backlog; first += 1'000) {
      std::vector<outbox::Message> messages;
      for (int i = first; i < first + 1'000; ++i) {
        auto next = message(fmt::format("k{}", i % 50), std::to_string(i));
        next.topic = i == refused ? narrow : topic;
        if (i == refused) next.payload.assign(20'000, 'x');
        messages.push_back(std::move(next));
      }
      pqxx::work tx{*writer_};
      outbox_.enqueue(tx, messages);
      tx.commit();
    }
  }
  kafka::Settings settings() const {
    kafka::Settings out{{"bootstrap.servers", kafka_brokers()}};
    if (const std::string in_flight{GetParam()}; !in_flight.empty()) out["max.in.flight"] = in_flight;
    return out;
  }
  /// With new sinks and relays after what can be tried again; the error of what cannot, or nothing when all is published.
  std::optional<Error> publish() {
    for (int restart = 0; restart < 10; ++restart) {
      kafka::KafkaSink sink{{.settings = settings()}};
      outbox::Relay relay{database_.as("relay"), log_, sink, clock_, {}};
      try {
        run_until_idle(relay);
        return std::nullopt;
      } catch (const Error& error) {
        if (!error.retryable()) return error;
      }
    }
    ADD_FAILURE() << "still not decided after ten restarts";
    return std::nullopt;
  }
  std::string id_at(int position) {
    return scalar(fmt::format("SELECT message_id FROM annals.outbox WHERE position = {}", position));
  }
};

TEST_P(RelayKafka, NamesExactlyTheRefusedMessageAndGivesUpNoOther) {
  const auto topic = create_topic(unique_topic("relay-backlog"), 4);
  const auto narrow = create_topic(unique_topic("relay-narrow"), 1, {{"max.message.bytes", "5000"}});
  enqueue_backlog(topic, narrow);
  const auto error = publish();
  ASSERT_TRUE(error.has_value());
  EXPECT_EQ(error->kind(), ErrorKind::refused);
  EXPECT_THAT(error->what(), HasSubstr(fmt::format("message {} ({})", refused, id_at(refused))));
  postgres::Connection connection{database_.as("operator")};
  outbox::skip_message(connection, log_,
                       {.position = refused, .id = *EventId::parse(id_at(refused)), .reason = "test"});
  const auto again = publish();
  EXPECT_FALSE(again.has_value()) << again->what();

  std::set<int> seen;
  std::map<std::string, int> last;
  for (const auto& record : read_all(topic)) {
    const auto number = std::stoi(record.value);
    if (!seen.insert(number).second) continue;
    EXPECT_GT(number, last[record.key]) << "came first after a later one of its key";
    last[record.key] = number;
  }
  EXPECT_EQ(seen.size(), static_cast<std::size_t>(backlog - 1));
  EXPECT_TRUE(read_all(narrow).empty());
}

INSTANTIATE_TEST_SUITE_P(InFlight, RelayKafka, ::testing::Values("", "1"), [](const auto& in_flight) {
  return *in_flight.param == '\0' ? std::string{"default"} : std::string{"one"};
});

}  // namespace
}  // namespace annals::tests
