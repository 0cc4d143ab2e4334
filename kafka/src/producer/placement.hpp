#pragma once
#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

namespace annals::kafka {

/// What a record's partition is chosen by.
struct Placement {
  enum class By { key, text, number, hash };
  By by = By::key;
  std::string text = {};    ///< hashed as if it were the key
  std::int32_t number = 0;  ///< the partition itself
  std::uint64_t hash = 0;   ///< modulo the number of partitions

  [[nodiscard]] bool is_by_key() const noexcept { return by == By::key; }
};

/// The placements of what a sink has accepted and not reported, unless they are by key: librdkafka may place a message late, from
/// a thread of its own, and what it gave back is placed again.
///
/// Thread safety  any thread.
/// Limits         an entry a message in the sink.
class Placements {
 public:
  void put(std::int64_t ticket, const Placement& placement) {
    if (placement.is_by_key()) return;
    const std::lock_guard lock{mutex_};
    placements_.insert_or_assign(ticket, placement);
    any_.store(true, std::memory_order_relaxed);
  }
  void erase(std::int64_t ticket) {
    if (!any_.load(std::memory_order_relaxed)) return;  // the thread that puts is the one that erases
    const std::lock_guard lock{mutex_};
    placements_.erase(ticket);
  }
  [[nodiscard]] Placement find(std::int64_t ticket) const {
    const std::lock_guard lock{mutex_};
    const auto found = placements_.find(ticket);
    return found == placements_.end() ? Placement{} : found->second;
  }

 private:
  mutable std::mutex mutex_;
  std::unordered_map<std::int64_t, Placement> placements_;
  std::atomic<bool> any_{false};  ///< there ever was one
};

}  // namespace annals::kafka
