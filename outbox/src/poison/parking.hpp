#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "annals/outbox/message.hpp"
#include "annals/outbox/relay.hpp"
#include "poison/parked_store.hpp"
#include "poison/poison_rules.hpp"

namespace annals::outbox {

/// What a run has set aside, and what must wait behind it. parking.cpp opens with why order survives.
///
/// Lifecycle      construct -> start() once -> the rest. Thread safety: none. Ownership: borrows the store, which may be null:
///                then every policy is halt, and nothing was ever set aside.
class Parking {
 public:
  Parking(ParkedStore* store, const RelayOptions& options);

  /// The run begins after this position. `note` is what was committed with the checkpoint.
  void start(std::int64_t position, const std::string& note);

  // What is read

  /// Nothing was ever set aside that matters to this run: none of its messages need be looked up.
  [[nodiscard]] bool is_empty() const noexcept { return closed_.empty() && recent_.empty(); }
  [[nodiscard]] const PoisonRule& rule_of(std::string_view topic) const { return rules_.of(topic); }
  /// How this message was set aside; null when it was not.
  [[nodiscard]] const ParkedEntry* find(const MessageView& message) const;
  /// Something before it, of its topic and key, waits.
  [[nodiscard]] bool must_wait(const MessageView& message) const;
  /// There is room for one more key to be parked.
  [[nodiscard]] bool has_room(const MessageView& message) const;
  void add(const MessageView& message, const ParkedEntry& entry);
  /// The dead-letter topic does not take it: the database alone keeps it.
  void keep(const MessageView& message, std::string_view reason);
  /// To be called before a checkpoint is recorded: what it passes over is on disk then.
  void write();
  /// A checkpoint is recorded up to this position: no message there will be met again.
  void forget(std::int64_t position);
  [[nodiscard]] std::size_t keys() const noexcept { return closed_.size(); }

  // What is released: a batch at a time

  /// Whether there may be anything to release, as far as is known, or worth asking again.
  [[nodiscard]] bool may_release(std::chrono::steady_clock::time_point now);
  /// The next messages to publish, in order; what operators gave up among them is finished on the way. Empty: none for now.
  [[nodiscard]] std::vector<ParkedStore::Due> next_batch();
  /// Nothing that may be released was left out of it.
  [[nodiscard]] bool was_last_batch() const noexcept { return last_; }
  /// They are about to be sent together; returns the note for the commit that makes them visible.
  [[nodiscard]] std::string begin(const std::vector<ParkedStore::Due>& batch);
  void refuse(const ParkedStore::Due& message, std::string_view reason);
  /// They are not sent with the batch that they were begun with.
  void withdraw(const std::vector<std::int64_t>& places) { store_->withdraw(places); }
  /// These are published: keys of which nothing waits any more are open again.
  void finish(const std::vector<std::int64_t>& places);

 private:
  void reopen();

  ParkedStore* store_;
  PoisonRules rules_;
  std::size_t keys_max_;
  std::map<TopicKey, std::int64_t> closed_;  // to the position of the first that waits
  std::map<std::pair<std::int64_t, EventId>, ParkedEntry> recent_;
  std::size_t unwritten_bytes_ = 0;

  bool more_ = false;  // to release, without a new decision
  bool last_ = true;   // the last batch had all of it
  bool anything_waits_ = false;
  std::int64_t decision_ = 0;  // the last one that was looked at
  std::chrono::steady_clock::time_point asked_at_;
};

}  // namespace annals::outbox
