#pragma once
#include <utility>
#include <vector>

#include "annals/outbox/destination.hpp"

namespace annals::tests {

/// A Destination over a Sink, with its checkpoint in memory and told what a commit comes to.
class SinkDestination final : public outbox::Destination {
 public:
  explicit SinkDestination(outbox::Sink& sink, CommitRule rule = CommitRule::any_prefix) : sink_(sink), rule_(rule) {}

  [[nodiscard]] CommitRule commit_rule() const noexcept override { return rule_; }
  [[nodiscard]] outbox::Checkpoint open() override { return checkpoint; }
  [[nodiscard]] outbox::Sink::Send send(const outbox::MessageView& message) override { return sink_.send(message); }
  void poll(std::chrono::milliseconds wait, std::vector<outbox::Delivery>& deliveries) override {
    sink_.poll(wait, deliveries);
  }
  [[nodiscard]] Commit commit(const outbox::Cursor& cursor) override {
    if (outcome == Commit::committed) {
      checkpoint.cursor = cursor;
      committed.push_back(cursor);
    }
    return outcome;
  }

  outbox::Checkpoint checkpoint;
  std::vector<outbox::Cursor> committed;
  Commit outcome = Commit::committed;

 private:
  outbox::Sink& sink_;
  CommitRule rule_;
};

}  // namespace annals::tests
