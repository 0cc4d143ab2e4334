#pragma once
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "annals/outbox/message.hpp"

namespace annals::outbox {

/// What became of one message that a sink accepted.
struct Delivery {
  enum class Outcome {
    delivered,  ///< durably accepted by the other side
    refused,    ///< the other side said no to this very message: it will never be delivered as it is
    undecided,  ///< given up with the sink's queue, or the sink broke: perhaps delivered, says nothing about the message
  };
  std::int64_t ticket = 0;  ///< MessageView::ticket
  Outcome outcome = Outcome::undecided;
  std::string reason = {};  ///< when not delivered: what the other side said

  [[nodiscard]] bool delivered() const noexcept { return outcome == Outcome::delivered; }
};

/// Port: where the relay publishes. Implemented by kafka::KafkaSink, by the JSON Lines sink of annals-relay and by
/// testing::MemorySink; each passes the contract suite in annals/testing.
///
/// Contract
///  - messages with the same topic and key become durable in the order of send(), whatever is retried underneath;
///  - after a message with some key fails, none of its successors with that key may become durable before it: a sink
///    that cannot promise that for itself must fail everything after it;
///  - every accepted message is reported exactly once through poll(), in any order across keys;
///  - messages are copied by send(): views may die afterwards;
///  - send() takes at most a second: who waits longer for the other side must say `full`, or the relay may lose its lease.
///
/// Thread safety  none: one thread. Implementations may run threads of their libraries inside.
/// Errors         Error{refused} from send(): this message can never be delivered (too large, unknown topic), nothing
///                was accepted, and the sink goes on; Error{failed} or Error{disconnected}: the sink is broken, throw it
///                away; poll() may still report, and what stays unreported is undecided and must be sent again.
class Sink {
 public:
  Sink() = default;
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;
  virtual ~Sink() = default;

  enum class Send {
    accepted,
    full,  ///< the bounded queue has no room: poll(), then send again
  };
  [[nodiscard]] virtual Send send(const MessageView& message) = 0;
  /// Appends the deliveries reported since the last call; waits at most `wait` for the first.
  virtual void poll(std::chrono::milliseconds wait, std::vector<Delivery>& deliveries) = 0;
  /// Bytes of what the other side would be given for the message, at most: what a limit on its size is held against.
  [[nodiscard]] virtual std::size_t record_bytes(const MessageView& message) const { return byte_size(message); }
};

}  // namespace annals::outbox
