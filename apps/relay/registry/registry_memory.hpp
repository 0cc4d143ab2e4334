#pragma once
#include <atomic>
#include <chrono>
#include <cstddef>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "annals/kafka/schema_registry.hpp"

namespace annals::relayd {

/// What the clients of one registry know together, so that a sink that is made anew need not ask again: schemas, what there was no
/// schema of, and whether the registry answers at all.
///
/// Thread safety  all methods. Limits: `entries_max`; then the entry that is stale first gives way.
class RegistryMemory {
 public:
  using Time = std::chrono::steady_clock::time_point;
  using Question = kafka::SchemaRegistry::Question;
  /// A schema, or why there is none.
  struct Entry {
    std::optional<kafka::Schema> schema;
    std::string reason = {};
    std::string hint = {};
    Time fresh_until = Time::max();
  };

  explicit RegistryMemory(std::size_t entries_max) : entries_max_(entries_max) {}

  [[nodiscard]] std::optional<Entry> find(const Question& question) const;
  void put(const Question& question, Entry entry);
  [[nodiscard]] std::size_t size() const;

  /// No address has answered lately.
  [[nodiscard]] bool is_away() const noexcept { return away_.load(std::memory_order_relaxed); }
  void set_away(bool away) noexcept { away_.store(away, std::memory_order_relaxed); }

 private:
  const std::size_t entries_max_;
  mutable std::mutex mutex_;
  std::map<Question, Entry> entries_;
  std::atomic<bool> away_{false};
};

}  // namespace annals::relayd
