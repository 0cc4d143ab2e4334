#include "relay/registry/registry_memory.hpp"

#include <algorithm>
#include <utility>

namespace annals::relayd {

std::optional<RegistryMemory::Entry> RegistryMemory::find(const Question& question) const {
  const std::lock_guard lock{mutex_};
  const auto found = entries_.find(question);
  return found == entries_.end() ? std::nullopt : std::optional{found->second};
}

void RegistryMemory::put(const Question& question, Entry entry) {
  const std::lock_guard lock{mutex_};
  if (entries_.size() >= entries_max_ && !entries_.contains(question)) {
    const auto stale = [](const auto& at) { return at.second.fresh_until; };
    entries_.erase(std::ranges::min_element(entries_, {}, stale));
  }
  entries_.insert_or_assign(question, std::move(entry));
}

std::size_t RegistryMemory::size() const {
  const std::lock_guard lock{mutex_};
  return entries_.size();
}

}  // namespace annals::relayd
