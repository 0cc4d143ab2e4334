#include "annals/testing/memory_offsets.hpp"

#include <algorithm>

#include "annals/core/error.hpp"

namespace annals::testing {

projections::OffsetTable::Places MemoryOffsets::places(const std::string& origin, const std::string& topic) {
  const auto found = topics_.find(topic);
  if (found == topics_.end()) return {};
  if (found->second.origin != origin) {
    throw Error{ErrorKind::corrupt,
                "topic " + topic + " is on record as one of " + found->second.origin + ", not of " + origin,
                {.hint = "use another record", .sqlstate = {}}};
  }
  return found->second.places;
}

void MemoryOffsets::begin(const std::string& origin, const std::string& topic,
                          const std::map<std::int32_t, std::int64_t>& starts) {
  auto& record = topics_[topic];
  record.origin = origin;
  for (const auto& [partition, next] : starts) record.places.try_emplace(partition, Place{.next = next});
}

std::string MemoryOffsets::how_to_set(const std::string& topic, std::int32_t partition, std::int64_t next) const {
  return "MemoryOffsets::set(\"" + topic + "\", " + std::to_string(partition) + ", " + std::to_string(next) + ")";
}

void MemoryOffsets::handled(const std::vector<projections::IncomingMessage>& messages) {
  for (const auto& message : messages) {
    auto& next = topics_[message.topic].places[message.partition].next;
    next = std::max(next, message.offset + 1);
  }
}

void MemoryOffsets::set(const std::string& topic, std::int32_t partition, std::int64_t next) {
  topics_[topic].places[partition] = {.next = next};
}

std::unique_ptr<MemoryOffsets> MemoryOffsets::restarted() const {
  auto copy = std::make_unique<MemoryOffsets>();
  copy->topics_ = topics_;
  return copy;
}

std::optional<std::int64_t> MemoryOffsets::next(const std::string& topic, std::int32_t partition) const {
  const auto found = topics_.find(topic);
  if (found == topics_.end()) return std::nullopt;
  const auto place = found->second.places.find(partition);
  return place == found->second.places.end() ? std::nullopt : std::optional{place->second.next};
}

}  // namespace annals::testing
