#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "annals/outbox/message_source.hpp"

namespace annals::outbox {

/// Where the messages of a run are, by ticket: of the last ticket that somebody may ask for, and of all that came after it.
///
/// Thread safety  none. Limits: grows until it is told to forget.
class PlaceLedger {
 public:
  using Place = MessageSource::Place;

  /// A new run begins: ticket 0 is `place`.
  void start(const Place& place);
  /// The next ticket is of this place.
  void add(const Place& place) { places_.push_back(place); }
  /// Nobody asks for tickets below this one again.
  void forget(std::int64_t ticket);
  /// Throws away what was forgotten, but never the last place.
  void shrink();

  [[nodiscard]] const Place& at(std::int64_t ticket) const;
  [[nodiscard]] const Place& last() const { return places_.back(); }
  /// The ticket of message `index` of the last `count`.
  [[nodiscard]] std::int64_t ticket_of(std::size_t index, std::size_t count) const {
    return first_ + static_cast<std::int64_t>(places_.size() - count + index);
  }

 private:
  std::vector<Place> places_{1};  // of the tickets from first_ on
  std::int64_t first_ = 0;
  std::int64_t wanted_ = 0;
};

}  // namespace annals::outbox
