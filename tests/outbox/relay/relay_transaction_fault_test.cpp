// Relays that publish exactly once, beside a writer, while brokers and sessions die under them: a reader of committed records has
// every message once, of each key in order.
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>

#include "annals/kafka/sink.hpp"
#include "annals/kafka/transactional_sink.hpp"
#include "relay_test_base.hpp"
#include "support/kafka_topic.hpp"
#include "support/private_stack.hpp"
#include "support/published.hpp"

namespace annals::tests {
namespace {

class KafkaTransactionFaults : public RelayTestBase {
 protected:
  /// One of the relays of a name, in a thread of its own: with a new sink after every error.
  class Worker {
   public:
    Worker(KafkaTransactionFaults& test, std::chrono::milliseconds transaction_timeout)
        : test_(test), timeout_(transaction_timeout), thread_([this](const std::stop_token& stop) { run(stop); }) {}
    [[nodiscard]] int lives() const noexcept { return lives_; }

   private:
    void run(const std::stop_token& stop) {
      while (!stop.stop_requested()) {
        ++lives_;
        try {
          publish(stop);
        } catch (const Error& error) {
          EXPECT_NE(error.kind(), ErrorKind::corrupt) << error.what();
          EXPECT_NE(error.kind(), ErrorKind::refused) << error.what();
          std::this_thread::sleep_for(50ms);
        }
      }
    }
    void publish(const std::stop_token& stop) {
      kafka::KafkaTransactionalSink sink{{.sink = {.settings = {{"bootstrap.servers", test_.brokers_}}},
                                          .checkpoint_topic = test_.checkpoints_,
                                          .transaction_timeout = timeout_}};
      outbox::Relay relay{test_.database_.as("relay"), test_.log_, sink, test_.clock_, {.standby_poll = 20ms}};
      while (!stop.stop_requested()) (void)relay.step(20ms);
      (void)relay.drain(2s);
    }

    KafkaTransactionFaults& test_;
    std::chrono::milliseconds timeout_;
    std::atomic<int> lives_{0};
    std::jthread thread_;
  };

  void use(const std::string& brokers) {
    brokers_ = brokers;
    topic_ = create_topic(unique_topic("faults"), 3, {}, brokers_);
    checkpoints_ = create_topic(unique_topic("checkpoints"), 1, {{"cleanup.policy", "compact"}}, brokers_);
  }
  /// Some messages, a hundred times a second, for so long.
  void write_for(std::chrono::milliseconds time) {
    const auto until = std::chrono::steady_clock::now() + time;
    while (std::chrono::steady_clock::now() < until) {
      enqueue_numbers(written_, 3, 5, topic_);
      written_ += 3;
      std::this_thread::sleep_for(10ms);
    }
  }
  std::vector<Published> published() {
    std::vector<Published> all;
    for (const auto& record : read_all(topic_, brokers_)) all.push_back({record.key, std::stoi(record.value)});
    return all;
  }
  void expect_each_once() {
    auto all = published();
    const auto until = std::chrono::steady_clock::now() + 60s;
    while (static_cast<int>(all.size()) < written_ && std::chrono::steady_clock::now() < until) {
      std::this_thread::sleep_for(200ms);
      all = published();
    }
    EXPECT_EQ(fault_in_exactly_once(all, written_), "");
  }

  std::string brokers_;
  std::string topic_;
  std::string checkpoints_;
  int written_ = 0;
};

TEST_F(KafkaTransactionFaults, RelaysThatTakeOverRepeatNothing) {
  use(kafka_brokers());
  Worker one{*this, 10s};
  Worker other{*this, 10s};
  for (int i = 0; i < 12; ++i) {
    write_for(150ms);
    // Both, or one of them: who has the lock loses it.
    execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND usename LIKE '%relay%'");
  }
  expect_each_once();
  EXPECT_GE(one.lives() + other.lives(), 12);
}

TEST_F(KafkaTransactionFaults, KilledBrokerRepeatsNothing) {
  const PrivateStack kafka{"kafka"};
  use(kafka.address());
  Worker worker{*this, 10s};
  for (int i = 0; i < 2; ++i) {
    write_for(1s);
    kafka.kill();
    write_for(200ms);
    kafka.start();
  }
  write_for(1s);
  expect_each_once();
}

// For longer than a transaction may be open: the coordinator aborts it, and the relay finds itself shut out.
TEST_F(KafkaTransactionFaults, PausedBrokerRepeatsNothing) {
  const PrivateStack kafka{"kafka"};
  use(kafka.address());
  Worker worker{*this, 2s};
  for (int i = 0; i < 2; ++i) {
    write_for(1s);
    kafka.pause();
    write_for(4s);
    kafka.resume();
  }
  write_for(1s);
  expect_each_once();
}

/// The database's server crashes right after the broker's first commit, and whatever was not waited for is gone from its disk.
class KafkaTransactionCrash : public KafkaTransactionFaults {
 protected:
  KafkaTransactionCrash() {
    use(kafka_brokers());
    postgres::Connection direct{crashing_.superuser()};
    direct.execute("ALTER SYSTEM SET wal_writer_delay = '10s'");
    direct.execute("SELECT pg_reload_conf()");
  }
  void write(int count) {
    const outbox::Outbox outbox{crashing_.as("writer")};
    const auto connection = postgres::open_pqxx(crashing_.as("writer"));
    pqxx::work tx{*connection};
    for (int i = 0; i < count; ++i, ++written_) {
      auto one = message(fmt::format("k{}", written_ % 5), std::to_string(written_));
      one.topic = topic_;
      (void)outbox.enqueue(tx, one);
    }
    tx.commit();
  }
  template <class AnySink>
  void publish(AnySink&& sink, const std::function<void(std::string_view)>& at_point = {}) {
    outbox::Relay relay{crashing_.as("relay"), log_, sink, clock_, {.at_point = at_point}};
    run_until_idle(relay);
    EXPECT_TRUE(relay.drain(5s));
  }
  void publish_exactly_once(const std::function<void(std::string_view)>& at_point = {}) {
    publish(kafka::KafkaTransactionalSink{{.sink = {.settings = {{"bootstrap.servers", brokers_}}},
                                           .checkpoint_topic = checkpoints_}},
            at_point);
  }
  void publish_exactly_once_and_crash() {
    EXPECT_THROW(publish_exactly_once([&](std::string_view at) {
                   if (at == "checkpointed") server_.kill();
                 }),
                 Error);
    server_.start();
  }

  PrivateStack server_{"postgres"};
  TempDatabase crashing_{server_.address(), TempDatabase::Schema::applied};
};

TEST_F(KafkaTransactionCrash, OfANewNameRepeatsNothing) {
  write(20);
  publish_exactly_once_and_crash();
  write(5);
  publish_exactly_once();
  expect_each_once();
}

TEST_F(KafkaTransactionCrash, AfterTheChangeFromAtLeastOnceRepeatsNothing) {
  write(20);
  publish(kafka::KafkaSink{{.settings = {{"bootstrap.servers", brokers_}}}});
  write(20);
  publish_exactly_once_and_crash();
  write(5);
  publish_exactly_once();
  expect_each_once();
}

}  // namespace
}  // namespace annals::tests
