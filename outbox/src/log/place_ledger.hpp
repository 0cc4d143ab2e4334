#pragma once
#include "progress/ticket_ledger.hpp"

namespace annals::outbox {

/// Where a message is in the table, and how it came.
struct PlaceEntry {
  enum class Order {
    in_order,  ///< everything below the message has been given, or never was one
    ahead,     ///< there are holes below it
  };
  MessageSource::Place place;
  Order order = Order::in_order;

  void publish(Progress& published) const {
    if (says_all(*this)) {
      published.settle(place.position, place);
    } else {
      published.add(place);
    }
  }
  [[nodiscard]] static bool says_all(const PlaceEntry& entry) noexcept { return entry.order == Order::in_order; }
};

/// The messages of a run in the table.
class PlaceLedger : public TicketLedger<PlaceEntry> {
 public:
  using Order = PlaceEntry::Order;

  void start(const Progress& published) { TicketLedger::start(published, {.place = published.anchor()}); }
  void add(const Place& place, Order order) { TicketLedger::add({.place = place, .order = order}); }
  [[nodiscard]] const Place& at(std::int64_t ticket) const { return TicketLedger::at(ticket).place; }
};

}  // namespace annals::outbox
