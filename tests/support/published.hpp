#pragma once
#include <fmt/format.h>

#include <map>
#include <set>
#include <string>
#include <vector>

namespace annals::tests {

/// A message as it came out, by its key and the number that was written into it.
struct Published {
  std::string key;
  int number = 0;
};

/// What is wrong with messages in the order in which they came out; empty when nothing is. The promise: of every key, the
/// numbers in order of their first occurrence are ascending, and all from 0 to `count` are there.
inline std::string fault_in(const std::vector<Published>& published, int count) {
  std::set<int> seen;
  std::map<std::string, int> last;
  for (const auto& message : published) {
    if (!seen.insert(message.number).second) continue;
    const auto before = last.find(message.key);
    if (before != last.end() && before->second > message.number) {
      return fmt::format("{} came first after {} of key {}", message.number, before->second, message.key);
    }
    last[message.key] = message.number;
  }
  if (static_cast<int>(seen.size()) != count) return fmt::format("{} of {} messages", seen.size(), count);
  if (!seen.empty() && *seen.rbegin() != count - 1) return fmt::format("{} was never written", *seen.rbegin());
  return {};
}

/// The same for what was published exactly once: a repetition is a fault too.
inline std::string fault_in_exactly_once(const std::vector<Published>& published, int count) {
  std::set<int> seen;
  for (const auto& message : published) {
    if (!seen.insert(message.number).second) return fmt::format("{} came twice", message.number);
  }
  return fault_in(published, count);
}

}  // namespace annals::tests
