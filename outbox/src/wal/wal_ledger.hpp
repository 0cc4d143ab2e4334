#pragma once
#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "annals/outbox/message_source.hpp"
#include "progress/progress.hpp"
#include "wal/wal_cursor.hpp"

namespace annals::outbox {

/// Where the messages of a run are, by ticket, in the table and in the log: of the last ticket that somebody may ask for, and of
/// all that came after it; and what is published when a ticket is.
///
/// Thread safety  none. Limits: grows until it is told to forget.
class WalLedger {
 public:
  using Place = MessageSource::Place;
  struct Entry {
    Place place;   ///< in the table; position 0: in none
    WalPlace wal;  ///< flush 0: not known while the table is read first
  };

  /// A new run begins: ticket 0 is behind all that is published.
  void start(const Progress& published, const WalPlace& wal);
  /// The next ticket is of this one.
  void add(const Entry& entry) { entries_.push_back(entry); }
  /// With the last ticket everything in the log before `end` is done with.
  void pass(postgres::Lsn end) { entries_.back().wal = {.flush = end}; }
  /// No message is there, nor will be.
  void close(const Progress::Range& hole) { published_.close(hole); }
  /// Everything at or below `horizon` that is in the table has been given with a ticket up to the last one, or before the run.
  void settle(std::int64_t horizon, const Place& last);
  /// Nobody asks for tickets below this one again.
  void forget(std::int64_t ticket);
  /// Throws away what was forgotten, but never the last place.
  void shrink();

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

 private:
  /// Holds for who has this ticket, not before.
  struct Settlement {
    std::int64_t ticket = 0;
    std::int64_t horizon = 0;
    Place last = {};
  };
  [[nodiscard]] std::size_t index_of(std::int64_t ticket) const;

  Progress published_;             // with ticket first_
  std::vector<Entry> entries_{1};  // of the tickets from first_ on
  std::deque<Settlement> settlements_;
  std::int64_t first_ = 0;
  std::int64_t wanted_ = 0;
};

}  // namespace annals::outbox
