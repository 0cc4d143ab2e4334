#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "annals/outbox/message_source.hpp"

namespace annals::outbox {

/// What was read from the source and is not sent yet: a batch, and the place in it.
///
/// Thread safety  none. Ownership: borrows the source. Errors: those of MessageSource.
class Intake {
 public:
  explicit Intake(MessageSource& source) : source_(source) {}

  /// Reads the next batch; returns how many messages it has. The one before must be sent.
  std::size_t read();
  /// Reading now may find something.
  [[nodiscard]] bool may_read() const noexcept { return may_read_; }
  /// Waits at most `wait_max` until it may.
  void wait(std::chrono::milliseconds wait_max) { may_read_ = may_read_ || source_.wait(wait_max); }

  [[nodiscard]] bool empty() const { return next_ >= source_.size(); }
  /// The first message that is not sent; the view holds until the next read().
  MessageView& front();
  void pop() noexcept { ++next_; }

  /// Of the last message read.
  [[nodiscard]] std::int64_t ticket() const noexcept { return ticket_; }
  /// What the last read came upon.
  [[nodiscard]] MessageSource::State state() const noexcept { return state_; }

 private:
  MessageSource& source_;
  MessageSource::State state_ = MessageSource::State::rows;
  bool may_read_ = true;  // false after a read found nothing, until the source says so
  std::int64_t ticket_ = 0;
  std::size_t next_ = 0;  // in the batch
  MessageView view_;      // kept for its memory
};

}  // namespace annals::outbox
