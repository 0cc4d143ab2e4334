#include "relay/prefix_tracker.hpp"

#include <algorithm>
#include <limits>

#include "annals/core/assert.hpp"

namespace annals::outbox {

PrefixTracker::PrefixTracker(std::size_t capacity) : slots_(capacity) { ANNALS_ASSERT(capacity > 0); }

void PrefixTracker::start(std::int64_t position) {
  head_ = size_ = in_flight_ = 0;
  prefix_ = last_ = position;
}

void PrefixTracker::sent(std::int64_t position, std::size_t bytes) {
  ANNALS_ASSERT(!full() && position > last_);
  ++size_;
  constexpr std::size_t bytes_max = std::numeric_limits<std::uint32_t>::max();  // PostgreSQL's values end at 1 GiB
  slot(size_ - 1) = {.position = position,
                     .through = position,
                     .bytes = static_cast<std::uint32_t>(std::min(bytes, bytes_max)),
                     .delivered = false};
  ++in_flight_;
  last_ = position;
}

void PrefixTracker::skipped(std::int64_t position) {
  ANNALS_ASSERT(position > last_);
  last_ = position;
  if (size_ == 0) {
    prefix_ = position;
  } else {
    slot(size_ - 1).through = position;
  }
}

bool PrefixTracker::delivered(std::int64_t position) {
  Slot* found = find(position);
  if (found == nullptr || found->delivered) return false;
  found->delivered = true;
  delivered_bytes_ += found->bytes;
  --in_flight_;
  advance();
  return true;
}

PrefixTracker::Slot& PrefixTracker::slot(std::size_t index) noexcept {
  const auto at = head_ + index;
  return slots_[at < slots_.size() ? at : at - slots_.size()];
}

// Positions are different and increasing, so n slots after the first a position is at least n higher: its distances
// from the first and from the last position enclose its index. Without holes the two bounds meet.
PrefixTracker::Slot* PrefixTracker::find(std::int64_t position) noexcept {
  if (size_ == 0 || position < slot(0).position || position > slot(size_ - 1).position) return nullptr;
  const auto from_first = static_cast<std::size_t>(position - slot(0).position);
  const auto from_last = static_cast<std::size_t>(slot(size_ - 1).position - position);
  std::size_t low = size_ - 1 - std::min(size_ - 1, from_last);
  std::size_t high = std::min(size_ - 1, from_first);
  while (low < high) {
    const auto middle = low + (high - low) / 2;
    if (slot(middle).position < position) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return slot(low).position == position ? &slot(low) : nullptr;
}

void PrefixTracker::advance() noexcept {
  while (size_ > 0 && slot(0).delivered) {
    prefix_ = slot(0).through;
    head_ = head_ + 1 == slots_.size() ? 0 : head_ + 1;
    --size_;
  }
}

}  // namespace annals::outbox
