#pragma once
#include <chrono>
#include <cstdint>
#include <random>
#include <thread>

namespace annals::tests {

/// What a random writer does next. Not thread-safe.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : random_(seed) {}

  [[nodiscard]] int between(int first, int last) { return std::uniform_int_distribution{first, last}(random_); }
  [[nodiscard]] bool chance(int percent) { return between(1, 100) <= percent; }
  /// With this chance, for at most so long.
  void pause(int percent, int micros_max) {
    if (!chance(percent)) return;
    std::this_thread::sleep_for(std::chrono::microseconds{between(0, micros_max)});
  }

 private:
  std::mt19937_64 random_;
};

}  // namespace annals::tests
