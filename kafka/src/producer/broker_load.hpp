#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>

namespace annals::kafka {

/// How many partitions of each broker have something on their way.
///
/// Thread safety  all members.
class BrokerLoad {
 public:
  static constexpr std::int32_t unknown = -1;  ///< in place of a broker's id; never crowded

  /// A connection takes so many requests at once.
  explicit BrokerLoad(std::size_t requests_max) : requests_max_(requests_max) {}

  void add(std::int32_t broker);
  void remove(std::int32_t broker);
  /// More partitions than its connection takes requests: one always waits for its turn.
  [[nodiscard]] bool is_crowded(std::int32_t broker) const;

 private:
  const std::size_t requests_max_;
  mutable std::mutex mutex_;
  std::map<std::int32_t, std::size_t> partitions_;
};

}  // namespace annals::kafka
