#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "annals/outbox/sink.hpp"
#include "relay/prefix_tracker.hpp"

namespace annals::outbox {

/// The sink's side of a relay: hands messages to the Sink and keeps account of what became of them. Knows no database.
/// Not thread-safe. Errors: whatever the Sink throws; Error{failed} when the Sink breaks its contract.
class Publisher {
 public:
  Publisher(Sink& sink, std::size_t in_flight_max) : sink_(sink), tracker_(in_flight_max) {}

  /// Forgets everything; all up to `position` counts as delivered.
  void start(std::int64_t position);
  /// True when the sink took the message; false when it, or the bound on messages in flight, has no room.
  [[nodiscard]] bool offer(const MessageView& message);
  /// A position that is not published.
  void skip(std::int64_t position) { tracker_.skipped(position); }
  /// Takes what the sink has to report, waiting at most `wait` for the first; returns how many were delivered.
  std::size_t collect(std::chrono::milliseconds wait);

  /// Everything up to here is delivered.
  [[nodiscard]] std::int64_t acknowledged() const noexcept { return tracker_.prefix(); }
  /// Sent and not yet reported.
  [[nodiscard]] std::size_t in_flight() const noexcept { return tracker_.in_flight() - refusals_; }
  /// Of the messages that the other side refused, the one with the lowest position.
  [[nodiscard]] const std::optional<Delivery>& refused() const noexcept { return refused_; }

 private:
  void refuse(const Delivery& delivery);
  Sink& sink_;
  PrefixTracker tracker_;
  std::vector<Delivery> deliveries_;  // kept for its memory
  std::optional<Delivery> refused_;
  std::size_t refusals_ = 0;
};

}  // namespace annals::outbox
