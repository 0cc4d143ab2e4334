#include "annals/core/backoff.hpp"

#include <algorithm>
#include <random>

namespace annals {
namespace {

/// SplitMix64 (Steele, Lea, Flood 2014): enough for jitter, one word of state.
std::uint64_t next_random(std::uint64_t& state) noexcept {
  auto z = (state += 0x9E3779B97F4A7C15ULL);
  z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27U)) * 0x94D049BB133111EBULL;
  return z ^ (z >> 31U);
}

}  // namespace

Backoff::Backoff(Options options)
    : options_(options), state_(options.seed != 0 ? options.seed : std::random_device{}()), ceiling_(options.initial) {}

std::chrono::milliseconds Backoff::next() {
  ++attempts_;
  const auto span = static_cast<std::uint64_t>(ceiling_.count()) + 1;
  const std::chrono::milliseconds wait{static_cast<std::int64_t>(next_random(state_) % span)};
  ceiling_ = std::min(ceiling_ * 2, options_.max);
  return wait;
}

void Backoff::reset() noexcept {
  attempts_ = 0;
  ceiling_ = options_.initial;
}

}  // namespace annals
