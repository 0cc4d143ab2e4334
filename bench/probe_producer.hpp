#pragma once
#include <cstdint>
#include <string>

struct rd_kafka_s;

namespace annals::bench {

/// librdkafka with KafkaSink's settings and nothing around it: the floor of relay and latency.
class ProbeProducer {
 public:
  explicit ProbeProducer(const std::string& brokers);
  ~ProbeProducer();
  ProbeProducer(const ProbeProducer&) = delete;
  ProbeProducer& operator=(const ProbeProducer&) = delete;

  /// One record with the headers of an event; waits while the queue is full.
  void produce(const std::string& topic, std::int64_t number, const std::string& payload);
  /// Waits until everything is acknowledged; throws when something was not.
  void flush();

 private:
  rd_kafka_s* producer_;
  std::int64_t failed_ = 0;
};

}  // namespace annals::bench
