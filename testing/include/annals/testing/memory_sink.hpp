#pragma once
#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <random>
#include <vector>

#include "annals/outbox/sink.hpp"
#include "annals/testing/memory_log.hpp"

namespace annals::testing {

struct MemorySinkOptions {
  std::size_t queue_max = 100'000;             ///< accepted and not yet reported; then send() says full
  std::size_t payload_bytes_max = 16U << 20U;  ///< longer ones are refused: send() throws Error{refused}
  std::size_t delay_polls = 0;  ///< a message becomes durable and is reported this many polls later than it could be
  std::optional<std::uint64_t> shuffle_seed = std::nullopt;  ///< reports come in random order across keys
  std::size_t unsendable_nth = 0;  ///< the nth call of send() throws Error{refused}; counts from 1, 0 is never
  std::size_t undeliverable_nth =
      0;  ///< the nth accepted message is refused, and all after it: they must not overtake it
};

/// A Sink that keeps what it is given in a MemoryLog and misbehaves as told, within its contract.
///
/// Lifecycle      construct -> send(), poll() -> destroy; what was not polled is lost, as it may be.
/// Thread safety  none.
/// Ownership      writes to its own log, or borrows one that outlives it.
/// Errors         after break_down() every call throws Error{disconnected}.
class MemorySink final : public outbox::Sink {
 public:
  using Options = MemorySinkOptions;

  MemorySink() : MemorySink(Options{}) {}
  explicit MemorySink(Options options);
  MemorySink(MemoryLog& log, Options options);
  explicit MemorySink(MemoryLog& log) : MemorySink(log, Options{}) {}

  Send send(const outbox::MessageView& message) override;
  /// Never waits: there is nothing to wait for.
  void poll(std::chrono::milliseconds wait, std::vector<outbox::Delivery>& deliveries) override;

  /// What becomes of messages that were accepted and not reported: a broken connection leaves both possible.
  enum class Undecided { lost, durable };
  void break_down(Undecided undecided);

  /// What became durable, in order.
  [[nodiscard]] const std::vector<projections::IncomingMessage>& messages() const noexcept { return log_->messages(); }

 private:
  struct Queued {
    std::int64_t ticket;
    std::size_t polls_left;
    projections::IncomingMessage message;
  };
  void require_whole() const;
  [[nodiscard]] outbox::Delivery deliver(Queued queued);
  void shuffle(std::vector<outbox::Delivery>& reports, std::vector<std::string>& keys);

  Options options_;
  std::unique_ptr<MemoryLog> own_log_;
  MemoryLog* log_;
  std::deque<Queued> queue_;
  std::mt19937_64 random_;
  std::size_t sends_ = 0;
  std::size_t accepted_ = 0;
  std::int64_t first_refused_ = 0;
  bool broken_ = false;
};

/// The message as a consumer would receive it; topic and partition 0, offset 0.
[[nodiscard]] projections::IncomingMessage to_incoming(const outbox::MessageView& message);

}  // namespace annals::testing
