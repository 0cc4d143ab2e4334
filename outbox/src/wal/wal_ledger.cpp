#include "wal/wal_ledger.hpp"

#include <algorithm>

#include "annals/core/assert.hpp"

namespace annals::outbox {
namespace {

void publish(const WalLedger::Entry& entry, Progress& published) {
  if (entry.place.position > 0) published.add(entry.place);
}

}  // namespace

void WalLedger::start(const Progress& published, const WalPlace& wal) {
  published_ = published;
  entries_.assign(1, {.place = published.anchor(), .wal = wal});
  settlements_.clear();
  first_ = wanted_ = 0;
}

void WalLedger::settle(std::int64_t horizon, const Place& last) {
  settlements_.push_back({.ticket = last_ticket(), .horizon = horizon, .last = last});
  if (settlements_.size() < 2) return;
  // One at the same ticket says it again, and more.
  const auto before = settlements_.end() - 2;
  if (before->ticket == last_ticket()) settlements_.erase(before);
}

void WalLedger::forget(std::int64_t ticket) { wanted_ = std::max(wanted_, ticket); }

void WalLedger::shrink() {
  const auto before = std::min<std::int64_t>(wanted_ - first_, static_cast<std::int64_t>(entries_.size()) - 1);
  const auto begin = entries_.begin();
  std::for_each(begin + 1, begin + static_cast<std::ptrdiff_t>(before) + 1,
                [&](const Entry& entry) { publish(entry, published_); });
  entries_.erase(begin, begin + static_cast<std::ptrdiff_t>(before));
  first_ += before;
  for (; !settlements_.empty() && settlements_.front().ticket <= first_; settlements_.pop_front()) {
    published_.settle(settlements_.front().horizon, settlements_.front().last);
  }
}

std::size_t WalLedger::index_of(std::int64_t ticket) const {
  ANNALS_ASSERT(ticket >= first_ && ticket - first_ < static_cast<std::int64_t>(entries_.size()));
  return static_cast<std::size_t>(ticket - first_);
}

Progress WalLedger::published(std::int64_t ticket) const {
  const auto index = index_of(ticket);
  auto out = published_;
  std::for_each(entries_.begin() + 1, entries_.begin() + static_cast<std::ptrdiff_t>(index) + 1,
                [&](const Entry& entry) { publish(entry, out); });
  for (const auto& settlement : settlements_) {
    if (settlement.ticket <= ticket) out.settle(settlement.horizon, settlement.last);
  }
  return out;
}

}  // namespace annals::outbox
