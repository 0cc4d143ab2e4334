#pragma once
#include <cstdint>

#include "client/client.hpp"

namespace annals::kafka {

/// Partitions that librdkafka leaves alone until all is there that is to go into one request: they are paused from close()
/// to the end of its life. Costs its caller two answers of librdkafka's main thread for each of them, which do no input or output.
///
/// Thread safety  none. Ownership: borrows the client, whose delivery reports its end may call.
class Cork {
 public:
  explicit Cork(rd_kafka_t& client) : client_(client) {}
  Cork(const Cork&) = delete;
  Cork& operator=(const Cork&) = delete;
  ~Cork();

  void add(const rd_kafka_topic_t& topic, std::int32_t partition);
  void close();

 private:
  rd_kafka_t& client_;
  PartitionList partitions_;
};

}  // namespace annals::kafka
