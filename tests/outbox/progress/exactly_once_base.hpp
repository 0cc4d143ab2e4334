#pragma once
#include <string>
#include <vector>

#include "annals/kafka/transactional_sink.hpp"
#include "annals/outbox/status.hpp"
#include "annals/postgres/connection.hpp"
#include "relay_test_base.hpp"
#include "support/kafka_topic.hpp"

namespace annals::tests {

/// Relays of one name that publish exactly once or at least once, by turns, and what the broker and the row say of them.
class ExactlyOnceBase : public RelayTestBase {
 protected:
  kafka::KafkaTransactionalSinkOptions options() const {
    return {.sink = {.settings = {{"bootstrap.servers", kafka_brokers()}}}, .checkpoint_topic = checkpoints_};
  }
  void enqueue(int first, int count) { enqueue_numbers(first, count, 3, topic_); }
  void publish_exactly_once() {
    kafka::KafkaTransactionalSink sink{options()};
    outbox::Relay relay{database_.as("relay"), log_, sink, clock_, {.batch_rows_max = 7}};
    run_until_idle(relay);
    EXPECT_TRUE(relay.drain(5s));
  }
  void publish_at_least_once() {
    kafka::KafkaSink sink{options().sink};
    auto relay = this->relay(sink);
    run_until_idle(relay);
    EXPECT_TRUE(relay.drain(5s));
  }
  /// Once a new transaction of the last relay's id could begin: the marks of a commit are written behind its answer.
  std::vector<std::string> visible() {
    kafka::KafkaTransactionalSink next{options()};
    (void)next.open("annals-relay-" + postgres::Connection{database_.superuser()}
                                          .query("SELECT transactional_id::text FROM annals.relay_checkpoints")
                                          .text(0, 0),
                    [] {});
    std::vector<std::string> values;
    for (const auto& record : read_all(topic_)) values.push_back(record.value);
    return values;
  }
  std::string row(const std::string& column) { return scalar("SELECT " + column + " FROM annals.relay_checkpoints"); }
  Error refusal() {
    return error_of([&] { publish_exactly_once(); });
  }

  std::string topic_ = create_topic(unique_topic("exactly-once"), 1);
  std::string checkpoints_ = create_topic(unique_topic("checkpoints"), 1, {{"cleanup.policy", "compact"}});
};

}  // namespace annals::tests
