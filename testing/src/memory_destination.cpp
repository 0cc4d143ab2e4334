#include "annals/testing/memory_destination.hpp"

namespace annals::testing {

outbox::Checkpoint MemoryDestination::open() {
  auto& entry = progress_.relays[relay_];
  epoch_ = ++entry.epoch;
  outbox::Checkpoint checkpoint{.cursor = entry.cursor, .note = entry.note};
  if (!checkpoint.cursor.empty()) return checkpoint;
  for (const auto& [name, other] : progress_.relays) {
    if (name != relay_ && !other.cursor.empty()) checkpoint.others.push_back(name);
  }
  return checkpoint;
}

outbox::Destination::Commit MemoryDestination::commit(const outbox::Cursor& cursor, std::string_view note) {
  auto& entry = progress_.relays[relay_];
  if (entry.epoch != epoch_) return Commit::fenced;
  if (outcome != Commit::committed) return outcome;
  entry.cursor = cursor;
  entry.note = note;
  commits.push_back(cursor);
  return Commit::committed;
}

}  // namespace annals::testing
