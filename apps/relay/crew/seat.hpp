#pragma once
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>

namespace annals::relayd {

/// What this process wants of a shard.
enum class Wish {
  leave,   ///< another process may have it
  hold,    ///< own it, or stand by for it
  retire,  ///< own it, and leave it for good: the number of shards changes
};

/// Between who divides the shards (Crew) and who works at one of them (Source). Thread safety: all methods.
class Seat {
 public:
  [[nodiscard]] Wish wish() const {
    const std::lock_guard lock{mutex_};
    return wish_;
  }
  void set_wish(Wish wish) {
    const std::lock_guard lock{mutex_};
    wish_ = wish;
    changed_.notify_all();
  }
  [[nodiscard]] bool owned() const {
    const std::lock_guard lock{mutex_};
    return owned_;
  }
  void set_owned(bool owned) {
    const std::lock_guard lock{mutex_};
    owned_ = owned;
  }
  /// Until another wish than to leave, a stop, or at most so long.
  void wait(const std::stop_token& stop, std::chrono::milliseconds wait_max) {
    std::unique_lock lock{mutex_};
    changed_.wait_for(lock, stop, wait_max, [this] { return wish_ != Wish::leave; });
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  Wish wish_ = Wish::leave;
  bool owned_ = false;
};

}  // namespace annals::relayd
