#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <utility>

#include "progress/ticket_ledger.hpp"
#include "wal/wal_cursor.hpp"
#include "wal/wal_feed.hpp"

namespace annals::outbox {

/// Where a message is, in the table and in the log.
struct WalEntry {
  enum class In {
    table,
    log,      ///< alone: it was emitted. Its position is one of the table, where no row has it
    nowhere,  ///< its place is made up
  };
  MessageSource::Place place;  ///< position 0: of none
  WalPlace wal;                ///< flush 0: not known while the table is read first
  In in = In::table;

  void publish(Progress& published) const {
    if (place.position == 0 || in == In::nowhere) return;
    if (in == In::log) {
      published.close({place.position, place.position});
    } else {
      published.add(place);
    }
  }
  /// The log gives them in the order of commits.
  [[nodiscard]] static bool says_all(const WalEntry& /*entry*/) noexcept { return false; }
};

/// The messages of a run in the log.
///
/// Limits         of what is kept, kept_bytes_max, if nothing is added while it is full.
class WalLedger : public TicketLedger<WalEntry> {
 public:
  using Entry = WalEntry;
  static constexpr std::size_t kept_bytes_max = 16U << 20U;

  void start(const Progress& published, const WalPlace& wal) {
    TicketLedger::start(published, {.place = published.anchor(), .wal = wal});
    kept_.clear();
    kept_bytes_ = 0;
    forgotten_ = 0;
  }
  /// With the last ticket everything in the log before `end` is done with.
  void pass(postgres::Lsn end) { back().wal = {.flush = end}; }

  /// The log alone has the message of this ticket, and is not read twice: it is kept until it is forgotten.
  void keep(std::int64_t ticket, WalFeed::Change change) {
    if (ticket < forgotten_) return;
    kept_bytes_ += change.bytes().size();
    kept_.emplace_back(ticket, std::move(change));
  }
  /// Null: it is not kept.
  [[nodiscard]] const WalFeed::Change* kept(std::int64_t ticket) const {
    const auto found = std::lower_bound(kept_.begin(), kept_.end(), ticket,
                                        [](const auto& kept, std::int64_t wanted) { return kept.first < wanted; });
    return found == kept_.end() || found->first != ticket ? nullptr : &found->second;
  }
  [[nodiscard]] bool is_full() const noexcept { return kept_bytes() >= kept_bytes_max; }
  /// Of messages that somebody may still have to deliver.
  [[nodiscard]] std::size_t kept_bytes() const noexcept {
    const bool delivered = !kept_.empty() && kept_.front().first == forgotten_;
    return kept_bytes_ - (delivered ? kept_.front().second.bytes().size() : 0);
  }
  /// Nobody asks for tickets below this one again.
  void forget(std::int64_t ticket) {
    TicketLedger::forget(ticket);
    forgotten_ = std::max(forgotten_, ticket);
    for (; !kept_.empty() && kept_.front().first < forgotten_; kept_.pop_front()) {
      kept_bytes_ -= kept_.front().second.bytes().size();
    }
  }

 private:
  std::deque<std::pair<std::int64_t, WalFeed::Change>> kept_;  // by ticket
  std::size_t kept_bytes_ = 0;
  std::int64_t forgotten_ = 0;
};

}  // namespace annals::outbox
