#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
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
  /// With the last ticket everything up to `place` is done with, though no message of it came.
  void pass(const Place& place) { passed_ = Passed{.ticket = last_ticket(), .place = place}; }
  /// Nobody asks for tickets below this one again.
  void forget(std::int64_t ticket);
  /// Throws away what was forgotten, but never the last place.
  void shrink();

  [[nodiscard]] const Place& at(std::int64_t ticket) const;
  [[nodiscard]] const Place& last() const { return places_.back(); }
  /// Up to where everything is done with when this ticket, and all before it, are.
  [[nodiscard]] const Place& done(std::int64_t ticket) const {
    return passed_ && passed_->ticket == ticket ? passed_->place : at(ticket);
  }
  [[nodiscard]] std::int64_t last_ticket() const noexcept {
    return first_ + static_cast<std::int64_t>(places_.size()) - 1;
  }
  /// The ticket of message `index` of the last `count`.
  [[nodiscard]] std::int64_t ticket_of(std::size_t index, std::size_t count) const {
    return first_ + static_cast<std::int64_t>(places_.size() - count + index);
  }

 private:
  struct Passed {
    std::int64_t ticket = 0;
    Place place;
  };
  std::vector<Place> places_{1};  // of the tickets from first_ on
  std::optional<Passed> passed_;  // with the last ticket that there was then
  std::int64_t first_ = 0;
  std::int64_t wanted_ = 0;
};

}  // namespace annals::outbox
