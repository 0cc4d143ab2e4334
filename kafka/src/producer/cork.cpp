#include "producer/cork.hpp"

namespace annals::kafka {

void Cork::add(const rd_kafka_topic_t& topic, std::int32_t partition) {
  if (!partitions_) partitions_.reset(rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_list_add(partitions_.get(), rd_kafka_topic_name(&topic), partition);
}

void Cork::close() {
  if (partitions_) rd_kafka_pause_partitions(&client_, partitions_.get());
}

Cork::~Cork() {
  if (!partitions_) return;
  rd_kafka_resume_partitions(&client_, partitions_.get());
  (void)rd_kafka_flush(&client_, 0);  // wakes the broker threads, which do not look at it before
}

}  // namespace annals::kafka
