#pragma once
#include <chrono>
#include <memory>
#include <string>

#include "annals/outbox/transactional_sink.hpp"
#include "client/client.hpp"

namespace annals::kafka {

using ErrorHandle = std::unique_ptr<rd_kafka_error_t, Destroy<rd_kafka_error_destroy>>;

using KeepAlive = outbox::TransactionalSink::KeepAlive;

/// The transactions of one producer, one after another. transaction.cpp opens with how its answers are taken.
///
/// Thread safety  none: the one thread that uses the producer. Ownership: borrows producer and state.
class Transaction {
 public:
  Transaction(rd_kafka_t& producer, std::string id, const ClientState& state, std::chrono::milliseconds answer_timeout)
      : producer_(producer), id_(std::move(id)), state_(state), answer_timeout_(answer_timeout) {}
  /// Aborts what is open, and waits a moment for it.
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  /// Takes the transactional id over: what its predecessors had not committed is aborted. Throws Error{disconnected,
  /// not_ready, failed}.
  void take_over(const KeepAlive& keep_alive);
  /// Begins one, when none is open. Throws Error{failed}: the producer is of no use any more.
  void begin_if_none();
  [[nodiscard]] bool is_open() const noexcept { return open_; }

  enum class End {
    committed,
    aborted,
    fenced,
    unknown,  ///< no answer in time: whoever takes the id over learns it
  };
  /// Of the open one. After anything but committed the producer is to be thrown away.
  [[nodiscard]] End commit(const KeepAlive& keep_alive);
  /// Of the open one: End::committed it never is.
  [[nodiscard]] End abort(std::chrono::milliseconds wait);

  /// What the last end that was not a commit was about.
  [[nodiscard]] const std::string& reason() const noexcept { return reason_; }
  /// Whether it was about a right on a topic that is missing.
  [[nodiscard]] bool lacks_right() const noexcept { return lacks_right_; }

 private:
  enum class Answer { yes, again, abort, fenced, fatal };
  [[nodiscard]] Answer answer(ErrorHandle error);

  rd_kafka_t& producer_;
  std::string id_;
  const ClientState& state_;
  std::chrono::milliseconds answer_timeout_;
  bool open_ = false;
  std::string reason_;
  bool lacks_right_ = false;
};

}  // namespace annals::kafka
