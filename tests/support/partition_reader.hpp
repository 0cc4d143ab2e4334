#pragma once
#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <thread>

namespace annals::tests {

/// A consumer of committed records that never ends: when the record with each value first came. Reads one partition from its
/// beginning, in a thread of its own; a partition without a leader is waited for.
class PartitionReader {
 public:
  using Time = std::chrono::steady_clock::time_point;

  PartitionReader(const std::string& topic, std::int32_t partition, const std::string& brokers);

  /// By value.
  [[nodiscard]] std::map<std::string, Time> arrivals() const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, Time> arrivals_;
  std::jthread thread_;
};

}  // namespace annals::tests
