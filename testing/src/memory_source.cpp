#include "annals/testing/memory_source.hpp"

#include "annals/core/error.hpp"

namespace annals::testing {

void MemorySource::poll(projections::OffsetTable& offsets, std::size_t max, std::chrono::milliseconds,
                        std::vector<projections::IncomingMessage>& messages) {
  const auto& log = log_.messages();
  while (next_ < log.size() && messages.size() < (broken_ ? 1 : max)) {
    const auto& message = log[next_++];
    if (message.offset >= start_of(offsets, message)) messages.push_back(message);
  }
  if (broken_) throw Error{ErrorKind::failed, "the memory source is broken", {.hint = "make a new one"}};
}

std::int64_t MemorySource::start_of(projections::OffsetTable& offsets, const projections::IncomingMessage& message) {
  const auto [found, first] = starts_.try_emplace({message.topic, message.partition}, 0);
  if (first) {
    offsets.begin("memory", message.topic, {{message.partition, 0}});
    found->second = offsets.places("memory", message.topic).at(message.partition).next;
    if (found->second > log_.end(message.topic, message.partition)) {
      throw Error{
          ErrorKind::corrupt, "the record is ahead of the end of topic " + message.topic, {.hint = "set it back"}};
    }
  }
  return found->second;
}

}  // namespace annals::testing
