#pragma once
#include <string>
#include <string_view>

#include "annals/outbox/destination.hpp"
#include "progress/checkpoint_store.hpp"

namespace annals::outbox {

/// A Sink, and the checkpoint in the log's own database: what is delivered and not yet recorded when the relay dies is
/// published again.
///
/// Thread safety  none. Ownership: borrows sink and connection.
class AtLeastOnceDestination final : public Destination {
 public:
  AtLeastOnceDestination(Sink& sink, postgres::Connection& connection, const postgres::MessageLog& log,
                         std::string relay)
      : sink_(sink), checkpoints_(connection, log, std::move(relay)) {}

  [[nodiscard]] CommitRule commit_rule() const noexcept override { return CommitRule::any_prefix; }
  [[nodiscard]] Checkpoint open() override { return checkpoints_.open(); }
  [[nodiscard]] Sink::Send send(const MessageView& message) override { return sink_.send(message); }
  [[nodiscard]] std::size_t record_bytes(const MessageView& message) const override {
    return sink_.record_bytes(message);
  }
  void poll(std::chrono::milliseconds wait, std::vector<Delivery>& deliveries) override {
    sink_.poll(wait, deliveries);
  }
  using Destination::commit;
  [[nodiscard]] Commit commit(const Cursor& cursor, std::string_view) override { return checkpoints_.save(cursor); }

 private:
  Sink& sink_;
  CheckpointStore checkpoints_;
};

}  // namespace annals::outbox
