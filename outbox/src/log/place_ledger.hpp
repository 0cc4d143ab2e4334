#pragma once
#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "annals/outbox/message_source.hpp"
#include "progress/progress.hpp"

namespace annals::outbox {

/// Where the messages of a run are in the table, by ticket: of the last ticket that somebody may ask for, and of all that came after
/// it; and what is published when a ticket is.
///
/// Thread safety  none. Limits: grows until it is told to forget.
class PlaceLedger {
 public:
  using Place = MessageSource::Place;
  enum class Order {
    in_order,  ///< everything below the message has been given, or never was one
    ahead,     ///< there are holes below it
  };

  /// A new run begins: ticket 0 is behind all that is published.
  void start(const Progress& published);
  /// The next ticket is of this place.
  void add(const Place& place, Order order) { entries_.push_back({.place = place, .order = order}); }
  /// Everything at or below `horizon` has been given with a ticket up to the last one, or before the run, or never was a message.
  /// `last`: the last of these messages, where it is known.
  void settle(std::int64_t horizon, const Place& last = {});
  /// Nobody asks for tickets below this one again.
  void forget(std::int64_t ticket);
  /// Throws away what was forgotten, but never the last place.
  void shrink();

  [[nodiscard]] const Place& at(std::int64_t ticket) const { return entries_[index_of(ticket)].place; }
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
  struct Entry {
    Place place;
    Order order = Order::in_order;
  };
  /// Holds for who has this ticket, not before.
  struct Settlement {
    std::int64_t ticket = 0;
    std::int64_t horizon = 0;
    Place last = {};
  };
  static void publish(const Entry& entry, Progress& published);
  [[nodiscard]] std::size_t index_of(std::int64_t ticket) const;

  Progress published_;             // with ticket first_
  std::vector<Entry> entries_{1};  // of the tickets from first_ on
  std::deque<Settlement> settlements_;
  std::int64_t first_ = 0;
  std::int64_t wanted_ = 0;
};

}  // namespace annals::outbox
