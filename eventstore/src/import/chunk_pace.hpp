#pragma once
#include <chrono>
#include <cstddef>

namespace annals::eventstore {

/// How many events a chunk may have. Readers of the log wait for it, so it aims at a quarter of a second: even a server that
/// suddenly takes four times as long does not hold them for more than one. Not thread-safe.
class ChunkPace {
 public:
  [[nodiscard]] std::size_t events() const noexcept { return events_; }
  void took(std::size_t events, std::chrono::duration<double> time) noexcept;

 private:
  std::size_t events_ = 5'000;
};

}  // namespace annals::eventstore
