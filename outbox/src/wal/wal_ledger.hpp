#pragma once
#include "progress/ticket_ledger.hpp"
#include "wal/wal_cursor.hpp"

namespace annals::outbox {

/// Where a message is, in the table and in the log.
struct WalEntry {
  MessageSource::Place place;  ///< in the table; position 0: in none
  WalPlace wal;                ///< flush 0: not known while the table is read first

  void publish(Progress& published) const {
    if (place.position > 0) published.add(place);
  }
  /// The log gives them in the order of commits.
  [[nodiscard]] static bool says_all(const WalEntry& /*entry*/) noexcept { return false; }
};

/// The messages of a run in the log.
class WalLedger : public TicketLedger<WalEntry> {
 public:
  using Entry = WalEntry;

  void start(const Progress& published, const WalPlace& wal) {
    TicketLedger::start(published, {.place = published.anchor(), .wal = wal});
  }
  /// With the last ticket everything in the log before `end` is done with.
  void pass(postgres::Lsn end) { back().wal = {.flush = end}; }
};

}  // namespace annals::outbox
