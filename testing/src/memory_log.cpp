#include "annals/testing/memory_log.hpp"

#include "annals/core/assert.hpp"

namespace annals::testing {

void MemoryLog::append(projections::IncomingMessage message) {
  message.offset = next_offsets_[{message.topic, message.partition}]++;
  messages_.push_back(std::move(message));
}

std::vector<std::string> MemoryLog::payloads(std::string_view topic, std::string_view key) const {
  std::vector<std::string> out;
  for (const auto& message : messages_) {
    if (message.topic == topic && message.key == key) out.push_back(message.payload);
  }
  return out;
}

std::int64_t MemoryLog::end(const std::string& topic, std::int32_t partition) const {
  const auto found = next_offsets_.find({topic, partition});
  return found == next_offsets_.end() ? 0 : found->second;
}

std::size_t MemoryLog::committed(const std::string& group) const {
  const auto found = committed_.find(group);
  return found == committed_.end() ? 0 : found->second;
}

void MemoryLog::commit(const std::string& group, std::size_t count) {
  ANNALS_ASSERT(count <= messages_.size());
  committed_[group] = count;
}

}  // namespace annals::testing
