#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "annals/core/assert.hpp"
#include "annals/outbox/message_source.hpp"
#include "progress/progress.hpp"

namespace annals::outbox {

/// What a source knows of the messages of a run by their tickets: of the last ticket that somebody may ask for, and of all that came
/// after it; and what is published when a ticket is.
///
/// Entry          `publish(Progress&)` says what is published with it; the static `says_all(entry)`, that this is all that those before it say.
/// Thread safety  none. Limits: grows until it is told to forget.
template <class Entry>
class TicketLedger {
 public:
  using Place = MessageSource::Place;

  /// A new run begins: ticket 0 is behind all that is published.
  void start(const Progress& published, const Entry& zero) {
    published_ = published;
    entries_.assign(1, zero);
    settlements_.clear();
    first_ = wanted_ = 0;
  }
  /// The next ticket is of this one.
  void add(const Entry& entry) { entries_.push_back(entry); }
  /// No message is there, nor will be.
  void close(const Progress::Range& hole) { published_.close(hole); }
  /// Everything at or below `horizon` has been given with a ticket up to the last one, or before the run, or is no message of this
  /// source; `last` is the last message there, if it is known.
  void settle(std::int64_t horizon, const Place& last = {}) {
    // One at the same ticket says it again, and more.
    if (!settlements_.empty() && settlements_.back().ticket == last_ticket()) settlements_.pop_back();
    settlements_.push_back({.ticket = last_ticket(), .horizon = horizon, .last = last});
  }
  /// Nobody asks for tickets below this one again.
  void forget(std::int64_t ticket) { wanted_ = std::max(wanted_, ticket); }
  /// Throws away what was forgotten, but never the last entry.
  void shrink() {
    const auto ticket = std::min(wanted_, last_ticket());
    published_ = published(ticket);
    entries_.erase(entries_.begin(), entries_.begin() + static_cast<std::ptrdiff_t>(index_of(ticket)));
    first_ = ticket;
    while (!settlements_.empty() && settlements_.front().ticket <= first_) settlements_.pop_front();
  }

  [[nodiscard]] const Entry& at(std::int64_t ticket) const { return entries_[index_of(ticket)]; }
  [[nodiscard]] const Entry& last() const { return entries_.back(); }
  /// What is published when this ticket, and all before it, are.
  [[nodiscard]] Progress published(std::int64_t ticket) const;
  [[nodiscard]] std::int64_t last_ticket() const noexcept {
    return first_ + static_cast<std::int64_t>(entries_.size()) - 1;
  }
  /// The ticket of message `index` of the last `count`.
  [[nodiscard]] std::int64_t ticket_of(std::size_t index, std::size_t count) const {
    return first_ + static_cast<std::int64_t>(entries_.size() - count + index);
  }

 protected:
  [[nodiscard]] Entry& back() { return entries_.back(); }

 private:
  /// Holds for who has this ticket, not before.
  struct Settlement {
    std::int64_t ticket = 0;
    std::int64_t horizon = 0;
    Place last = {};
  };
  [[nodiscard]] std::size_t index_of(std::int64_t ticket) const {
    ANNALS_ASSERT(ticket >= first_ && ticket - first_ < static_cast<std::int64_t>(entries_.size()));
    return static_cast<std::size_t>(ticket - first_);
  }

  Progress published_;             // with ticket first_
  std::vector<Entry> entries_{1};  // of the tickets from first_ on
  std::deque<Settlement> settlements_;
  std::int64_t first_ = 0;
  std::int64_t wanted_ = 0;
};

/// In the order of tickets: what is settled makes room for what is added.
template <class Entry>
Progress TicketLedger<Entry>::published(std::int64_t ticket) const {
  const auto end = index_of(ticket) + 1;
  auto from = end;
  while (from > 1 && !Entry::says_all(entries_[from - 1])) --from;
  from = std::max<std::size_t>(from, 2) - 1;
  auto out = published_;
  auto settlement = settlements_.begin();
  const auto settle_up_to = [&](std::size_t index) {
    const auto given = first_ + static_cast<std::int64_t>(index);
    for (; settlement != settlements_.end() && settlement->ticket <= given; ++settlement) {
      out.settle(settlement->horizon, settlement->last);
    }
  };
  settle_up_to(from - 1);
  for (auto index = from; index < end; ++index) {
    entries_[index].publish(out);
    settle_up_to(index);
  }
  return out;
}

}  // namespace annals::outbox
