#pragma once
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace annals::outbox {

/// Knows up to which position everything is delivered, while deliveries are reported in any order.
///
/// Positions increase but have holes. Costs O(1) a message where they are dense, and O(log h) with h holes among the
/// messages in flight. Not thread-safe.
/// Limits: holds `capacity` messages; full() says when not to send more.
class PrefixTracker {
 public:
  explicit PrefixTracker(std::size_t capacity);

  /// Forgets everything; all up to `position` counts as delivered.
  void start(std::int64_t position);
  /// A message was sent; `position` is above all before it. Asserts that there is room.
  void sent(std::int64_t position, std::size_t bytes = 0);
  /// A position that needs no delivery; takes no room.
  void skipped(std::int64_t position);
  /// False when no message with this position waits for its delivery: never sent, or reported already.
  [[nodiscard]] bool delivered(std::int64_t position);

  /// Everything at or below is delivered or skipped.
  [[nodiscard]] std::int64_t prefix() const noexcept { return prefix_; }
  /// Sent and not yet delivered.
  [[nodiscard]] std::size_t in_flight() const noexcept { return in_flight_; }
  /// Of all messages that were delivered since the last call.
  [[nodiscard]] std::uint64_t take_delivered_bytes() noexcept { return std::exchange(delivered_bytes_, 0); }
  [[nodiscard]] bool full() const noexcept { return size_ == slots_.size(); }

 private:
  struct Slot {
    std::int64_t position;
    std::int64_t through;  // positions skipped right after it
    std::uint32_t bytes;   // beside the flag it costs no room
    bool delivered;
  };
  [[nodiscard]] Slot& slot(std::size_t index) noexcept;
  [[nodiscard]] Slot* find(std::int64_t position) noexcept;
  void advance() noexcept;

  std::vector<Slot> slots_;  // a ring: `size_` slots from `head_` on, positions increasing
  std::size_t head_ = 0;
  std::size_t size_ = 0;
  std::size_t in_flight_ = 0;
  std::uint64_t delivered_bytes_ = 0;
  std::int64_t prefix_ = 0;
  std::int64_t last_ = 0;
};

}  // namespace annals::outbox
