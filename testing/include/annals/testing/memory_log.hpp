#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "annals/projections/source.hpp"

namespace annals::testing {

/// Stands in for a broker: MemorySink writes to it, MemorySource reads from it, and it outlives both.
///
/// Thread safety: none. It only grows.
class MemoryLog {
 public:
  /// Appends; the offset is the next one of its topic and partition, whatever it was.
  void append(projections::IncomingMessage message);

  [[nodiscard]] const std::vector<projections::IncomingMessage>& messages() const noexcept { return messages_; }
  /// Payloads of one key of a topic, in order.
  [[nodiscard]] std::vector<std::string> payloads(std::string_view topic, std::string_view key) const;

  /// The offset of the next message of a partition.
  [[nodiscard]] std::int64_t end(const std::string& topic, std::int32_t partition) const;

  /// How many messages, from the first, readers of `group` have committed.
  [[nodiscard]] std::size_t committed(const std::string& group) const;
  void commit(const std::string& group, std::size_t count);

 private:
  std::vector<projections::IncomingMessage> messages_;
  std::map<std::pair<std::string, std::int32_t>, std::int64_t> next_offsets_;
  std::map<std::string, std::size_t> committed_;
};

}  // namespace annals::testing
