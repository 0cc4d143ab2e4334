#include "log/place_ledger.hpp"

#include <algorithm>

#include "annals/core/assert.hpp"

namespace annals::outbox {

void PlaceLedger::publish(const Entry& entry, Progress& published) {
  if (entry.order == Order::in_order) {
    published.settle(entry.place.position, entry.place);
  } else {
    published.add(entry.place);
  }
}

void PlaceLedger::start(const Progress& published) {
  published_ = published;
  entries_.assign(1, {.place = published.anchor()});
  settlements_.clear();
  first_ = wanted_ = 0;
}

void PlaceLedger::settle(std::int64_t horizon, const Place& last) {
  if (!settlements_.empty() && settlements_.back().ticket == last_ticket()) settlements_.pop_back();
  settlements_.push_back({.ticket = last_ticket(), .horizon = horizon, .last = last});
}

void PlaceLedger::forget(std::int64_t ticket) { wanted_ = std::max(wanted_, ticket); }

void PlaceLedger::shrink() {
  const auto ticket = std::min(wanted_, last_ticket());
  published_ = published(ticket);
  entries_.erase(entries_.begin(), entries_.begin() + static_cast<std::ptrdiff_t>(index_of(ticket)));
  first_ = ticket;
  while (!settlements_.empty() && settlements_.front().ticket <= first_) settlements_.pop_front();
}

std::size_t PlaceLedger::index_of(std::int64_t ticket) const {
  ANNALS_ASSERT(ticket >= first_ && ticket - first_ < static_cast<std::int64_t>(entries_.size()));
  return static_cast<std::size_t>(ticket - first_);
}

/// One that came in order says all that those before it say. In the order of tickets: what is settled makes room for what is added.
Progress PlaceLedger::published(std::int64_t ticket) const {
  const auto end = index_of(ticket) + 1;
  auto from = end;
  while (from > 1 && entries_[from - 1].order != Order::in_order) --from;
  auto out = published_;
  auto settlement = settlements_.begin();
  const auto settle_up_to = [&](std::int64_t given) {
    for (; settlement != settlements_.end() && settlement->ticket <= given; ++settlement) {
      out.settle(settlement->horizon, settlement->last);
    }
  };
  from = std::max<std::size_t>(from, 2) - 1;
  settle_up_to(first_ + static_cast<std::int64_t>(from) - 1);
  for (auto index = from; index < end; ++index) {
    publish(entries_[index], out);
    settle_up_to(first_ + static_cast<std::int64_t>(index));
  }
  return out;
}

}  // namespace annals::outbox
