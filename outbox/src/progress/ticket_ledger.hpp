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
    // What was said at the same ticket is said again.
    const auto same =
        std::ranges::partition_point(settlements_, [&](const auto& s) { return s.ticket < last_ticket(); });
    settlements_.erase(std::remove_if(same, settlements_.end(), [&](const auto& s) { return s.hole.last <= horizon; }),
                       settlements_.end());
    settlements_.push_back({.ticket = last_ticket(), .hole = {.last = horizon}, .last = last});
  }
  /// No message of this source is at `position`, nor will be; rising. It counts with the last ticket: before that, what is next to it is
  /// not published, and it would be a range of its own.
  void close_with_last(std::int64_t position) {
    if (!settlements_.empty()) {
      auto& back = settlements_.back();
      if (back.ticket == last_ticket() && back.hole.first > 0 && back.hole.last + 1 == position) {
        back.hole.last = position;
        return;
      }
    }
    settlements_.push_back({.ticket = last_ticket(), .hole = {.first = position, .last = position}});
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
    Progress::Range hole;  ///< from 0: everything up to its last
    Place last = {};

    void apply(Progress& out) const {
      if (hole.first == 0) {
        out.settle(hole.last, last);
      } else {
        out.close(hole);
      }
    }
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
      settlement->apply(out);
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
