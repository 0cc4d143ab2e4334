#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace annals::tests {

/// The broker of the test stack, from ANNALS_KAFKA; throws with the remedy when it is not set.
[[nodiscard]] std::string kafka_brokers();

/// "prefix-" and something that no other test run uses.
[[nodiscard]] std::string unique_topic(const std::string& prefix);

using TopicConfig = std::map<std::string, std::string>;

/// Creates the topic and waits until the broker serves all of its partitions; throws when it cannot. Returns the name.
std::string create_topic(const std::string& name, int partitions, const TopicConfig& config = {},
                         const std::string& brokers = kafka_brokers());

/// The same, with the copies of each partition on these brokers, the first of which leads it.
std::string create_topic(const std::string& name, const std::vector<std::vector<std::int32_t>>& copies,
                         const TopicConfig& config, const std::string& brokers);

/// Deletes the records of one partition before `offset`, as retention would.
void delete_records_before(const std::string& topic, std::int32_t partition, std::int64_t offset,
                           const std::string& brokers = kafka_brokers());

/// Deletes the topic and waits until the broker no longer knows it.
void delete_topic(const std::string& name, const std::string& brokers = kafka_brokers());

/// Gives the topic more partitions, `partitions` in all, and waits until each has a leader.
void add_partitions(const std::string& topic, int partitions, const std::string& brokers = kafka_brokers());

/// Deletes a consumer group that has no members, with the offsets that it committed.
void delete_group(const std::string& group, const std::string& brokers = kafka_brokers());

/// How many members a consumer group has now.
[[nodiscard]] int group_members(const std::string& group, const std::string& brokers = kafka_brokers());

/// A record as it lies in the topic.
struct Record {
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  std::string key = {};
  bool has_key = false;
  std::string value = {};
  bool has_value = false;
  std::vector<std::pair<std::string, std::string>> headers = {};

  /// The first header of that name; empty when there is none.
  [[nodiscard]] std::string header(const std::string& name) const;
};

/// The offset of the next record of each partition, by partition number.
[[nodiscard]] std::vector<std::int64_t> end_offsets(const std::string& topic,
                                                    const std::string& brokers = kafka_brokers());

/// Every committed record that was in the topic when the call began, by partition and offset.
[[nodiscard]] std::vector<Record> read_all(const std::string& topic, const std::string& brokers = kafka_brokers());

/// Writes records the plain way, as a producer that knows nothing of Annals would. Partition and offset are not looked at.
void write_records(const std::string& topic, const std::vector<Record>& records,
                   const std::string& brokers = kafka_brokers(), const TopicConfig& settings = {});

}  // namespace annals::tests
