#include "log/place_ledger.hpp"

#include <algorithm>

#include "annals/core/assert.hpp"

namespace annals::outbox {

void PlaceLedger::start(const Place& place) {
  places_.assign(1, place);
  passed_.reset();
  first_ = wanted_ = 0;
}

void PlaceLedger::forget(std::int64_t ticket) { wanted_ = std::max(wanted_, ticket); }

void PlaceLedger::shrink() {
  const auto before = std::min<std::int64_t>(wanted_ - first_, static_cast<std::int64_t>(places_.size()) - 1);
  places_.erase(places_.begin(), places_.begin() + static_cast<std::ptrdiff_t>(before));
  first_ += before;
}

const MessageSource::Place& PlaceLedger::at(std::int64_t ticket) const {
  ANNALS_ASSERT(ticket >= first_ && ticket - first_ < static_cast<std::int64_t>(places_.size()));
  return places_[static_cast<std::size_t>(ticket - first_)];
}

}  // namespace annals::outbox
