#include "support/partition_reader.hpp"

#include <librdkafka/rdkafka.h>

#include <array>
#include <memory>
#include <stdexcept>

namespace annals::tests {
namespace {

struct Close {
  void operator()(rd_kafka_t* client) const noexcept { rd_kafka_destroy(client); }
};
using Client = std::unique_ptr<rd_kafka_t, Close>;

Client consumer_of(const std::string& brokers) {
  std::array<char, 512> text{};
  auto* conf = rd_kafka_conf_new();
  rd_kafka_conf_set_log_cb(conf, nullptr);
  for (const auto& [name, value] : std::map<std::string, std::string>{{"bootstrap.servers", brokers},
                                                                      {"group.id", "annals-test-partition-reader"},
                                                                      {"enable.auto.commit", "false"},
                                                                      {"auto.offset.reset", "earliest"},
                                                                      {"fetch.error.backoff.ms", "20"},
                                                                      {"fetch.wait.max.ms", "20"},
                                                                      {"reconnect.backoff.max.ms", "200"},
                                                                      {"topic.metadata.refresh.interval.ms", "200"},
                                                                      // of a broker that is frozen
                                                                      {"socket.timeout.ms", "1000"},
                                                                      {"isolation.level", "read_committed"}}) {
    rd_kafka_conf_set(conf, name.c_str(), value.c_str(), text.data(), text.size());
  }
  Client client{rd_kafka_new(RD_KAFKA_CONSUMER, conf, text.data(), text.size())};
  if (!client) throw std::runtime_error{text.data()};
  rd_kafka_poll_set_consumer(client.get());
  return client;
}

void assign(rd_kafka_t& client, const std::string& topic, std::int32_t partition) {
  auto* list = rd_kafka_topic_partition_list_new(1);
  rd_kafka_topic_partition_list_add(list, topic.c_str(), partition)->offset = RD_KAFKA_OFFSET_BEGINNING;
  rd_kafka_assign(&client, list);
  rd_kafka_topic_partition_list_destroy(list);
}

}  // namespace

PartitionReader::PartitionReader(const std::string& topic, std::int32_t partition, const std::string& brokers)
    : thread_([this, topic, partition, brokers](const std::stop_token& stop) {
        const auto client = consumer_of(brokers);
        assign(*client, topic, partition);
        while (!stop.stop_requested()) {
          auto* message = rd_kafka_consumer_poll(client.get(), 50);
          if (message == nullptr) continue;
          if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
            const std::lock_guard lock{mutex_};
            arrivals_.try_emplace({static_cast<const char*>(message->payload), message->len},
                                  std::chrono::steady_clock::now());
          }
          rd_kafka_message_destroy(message);
        }
      }) {}

std::map<std::string, PartitionReader::Time> PartitionReader::arrivals() const {
  const std::lock_guard lock{mutex_};
  return arrivals_;
}

}  // namespace annals::tests
