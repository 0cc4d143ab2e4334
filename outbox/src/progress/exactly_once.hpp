#pragma once
#include <chrono>
#include <string>
#include <string_view>

#include "annals/core/clock.hpp"
#include "annals/core/error.hpp"
#include "annals/outbox/destination.hpp"
#include "annals/outbox/transactional_sink.hpp"
#include "log/log_name.hpp"
#include "progress/checkpoint_store.hpp"

namespace annals::outbox {

/// A TransactionalSink, whose transactions carry the checkpoint, and the row in the log's own database, which follows it and
/// says whether it counts. exactly_once.cpp opens with how the two agree.
///
/// Thread safety  none. Ownership: borrows sink, connection and clock.
class ExactlyOnceDestination final : public Destination {
 public:
  struct Parts {
    TransactionalSink& sink;
    postgres::Connection& connection;
    Clock& clock;
    TransactionalSink::KeepAlive keep_alive;  ///< of the ownership, while the broker is waited for
  };
  ExactlyOnceDestination(Parts parts, const postgres::MessageLog& log, std::string relay);
  ExactlyOnceDestination(const ExactlyOnceDestination&) = delete;
  ExactlyOnceDestination& operator=(const ExactlyOnceDestination&) = delete;
  /// The row catches up with the broker; what goes wrong with that costs nothing.
  ~ExactlyOnceDestination() override;

  [[nodiscard]] CommitRule commit_rule() const noexcept override { return CommitRule::all_sent; }
  [[nodiscard]] Checkpoint open() override;
  [[nodiscard]] Sink::Send send(const MessageView& message) override { return sink_.send(message); }
  [[nodiscard]] std::size_t record_bytes(const MessageView& message) const override {
    return sink_.record_bytes(message);
  }
  void poll(std::chrono::milliseconds wait, std::vector<Delivery>& deliveries) override;
  using Destination::commit;
  [[nodiscard]] Commit commit(const Cursor& cursor, std::string_view note) override;
  void finish() override;
  [[nodiscard]] std::string reason() const override { return sink_.reason(); }

 private:
  /// Of the two records, the one that counts.
  void agree_with(const std::string& record, Checkpoint& checkpoint);
  [[nodiscard]] Error lost(std::string_view how, const Cursor& of_row) const;
  [[nodiscard]] bool follow_when_due();
  [[nodiscard]] bool follow();

  TransactionalSink& sink_;
  Clock& clock_;
  TransactionalSink::KeepAlive keep_alive_;
  std::string relay_;
  LogName log_;
  CheckpointStore row_;
  Cursor behind_;     ///< what the broker had when this was opened, and the row had not
  Cursor committed_;  ///< that the row does not have yet; empty: it has
  std::chrono::steady_clock::time_point followed_at_;
};

}  // namespace annals::outbox
