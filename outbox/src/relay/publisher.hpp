#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "annals/outbox/destination.hpp"
#include "poison/claim_check.hpp"
#include "relay/prefix_tracker.hpp"

namespace annals::outbox {

/// Hands messages to the Destination and keeps account of what became of them. Not thread-safe. Errors: whatever the
/// Destination throws; Error{failed} when it breaks its contract.
class Publisher {
 public:
  /// Without `claims` every message leaves as it is.
  Publisher(Destination& destination, std::size_t in_flight_max, ClaimCheck* claims = nullptr)
      : destination_(destination), claims_(claims), tracker_(in_flight_max) {}

  /// True when the destination took the message; false when it, or the bound on messages in flight, has no room.
  [[nodiscard]] bool offer(const MessageView& message);
  /// The same for one that the source did not give: its ticket is below 0, and see take_delivered_aside().
  [[nodiscard]] bool offer_aside(const MessageView& message);
  /// The tickets below 0 that were delivered since the last call.
  [[nodiscard]] std::vector<std::int64_t> take_delivered_aside() { return std::exchange(delivered_aside_, {}); }
  /// A message that is not published.
  void skip(std::int64_t ticket) { tracker_.skipped(ticket); }
  /// Takes what there is to report, waiting at most `wait` for the first; returns how many were delivered. What was
  /// reported before the destination threw counts.
  std::size_t collect(std::chrono::milliseconds wait);

  /// Everything up to this ticket is delivered or skipped.
  [[nodiscard]] std::int64_t acknowledged() const noexcept { return tracker_.prefix(); }
  /// Sent and not yet reported.
  [[nodiscard]] std::size_t in_flight() const noexcept { return tracker_.in_flight() + aside_.size() - undelivered_; }
  /// Of these, those with tickets below 0.
  [[nodiscard]] std::size_t in_flight_aside() const noexcept { return aside_.size(); }
  /// Of all that was delivered since the last call, and of what left as a claim.
  struct Sums {
    std::uint64_t bytes = 0;  ///< keys and payloads
    std::size_t aside = 0;    ///< how many with tickets below 0
    ClaimCheck::Sums claims = {};
  };
  [[nodiscard]] Sums take_sums();
  /// Something was reported that is not delivered: nothing more may be sent.
  [[nodiscard]] bool failed() const noexcept { return undelivered_ > 0; }
  /// The messages that the other side said no to, by ticket. Those that were merely given up are never among them.
  [[nodiscard]] const std::vector<Delivery>& refused() const noexcept { return refused_; }
  /// Of those that were given up with nothing decided about them, the first.
  [[nodiscard]] const std::optional<Delivery>& undecided() const noexcept { return undecided_; }

 private:
  [[nodiscard]] const MessageView& as_it_leaves(const MessageView& message);
  [[nodiscard]] bool send(const MessageView& message, std::size_t& bytes);
  std::size_t account();
  void fail(const Delivery& delivery);

  Destination& destination_;
  ClaimCheck* claims_;
  PrefixTracker tracker_;
  std::vector<Delivery> deliveries_;  // kept for its memory
  std::vector<Delivery> refused_;     // ordered
  std::vector<std::int64_t> delivered_aside_;
  std::map<std::int64_t, std::size_t> aside_;  // in flight with tickets below 0: a batch; and their bytes
  Sums aside_sums_;                            // of these, delivered
  std::optional<Delivery> undecided_;
  std::size_t undelivered_ = 0;
};

}  // namespace annals::outbox
