#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "annals/outbox/destination.hpp"

namespace annals::testing {

/// Checkpoints of relays, by name: what outlives a MemoryDestination.
struct MemoryProgress {
  struct Entry {
    outbox::Cursor cursor;
    std::string note = {};
    std::int64_t epoch = 0;  ///< counts who opened
  };
  std::map<std::string, Entry> relays;
};

/// A Sink, and a checkpoint in memory, for tests of what writes to a Destination.
///
/// Thread safety  none. Ownership: borrows sink and progress.
class MemoryDestination final : public outbox::Destination {
 public:
  MemoryDestination(outbox::Sink& sink, MemoryProgress& progress, std::string relay = "relay",
                    CommitRule rule = CommitRule::any_prefix)
      : sink_(sink), progress_(progress), relay_(std::move(relay)), rule_(rule) {}

  [[nodiscard]] CommitRule commit_rule() const noexcept override { return rule_; }
  [[nodiscard]] outbox::Checkpoint open() override;
  [[nodiscard]] outbox::Sink::Send send(const outbox::MessageView& message) override { return sink_.send(message); }
  [[nodiscard]] std::size_t record_bytes(const outbox::MessageView& message) const override {
    return sink_.record_bytes(message);
  }
  void poll(std::chrono::milliseconds wait, std::vector<outbox::Delivery>& deliveries) override {
    sink_.poll(wait, deliveries);
  }
  using Destination::commit;
  [[nodiscard]] Commit commit(const outbox::Cursor& cursor, std::string_view note) override;

  std::vector<outbox::Cursor> commits;  ///< all that were committed, in order
  Commit outcome = Commit::committed;   ///< what the next commits come to; other than committed records nothing

 private:
  outbox::Sink& sink_;
  MemoryProgress& progress_;
  std::string relay_;
  CommitRule rule_;
  std::int64_t epoch_ = 0;
};

}  // namespace annals::testing
