#include "relay/publisher.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "annals/core/assert.hpp"
#include "annals/core/error.hpp"

namespace annals::outbox {
namespace {

[[noreturn]] void throw_breach(std::int64_t ticket) {
  throw Error{ErrorKind::failed,
              fmt::format("the sink reported ticket {} twice, or without having been given it", ticket),
              {.hint = "the sink breaks its contract (annals/outbox/sink.hpp)"}};
}

std::size_t bytes_of(const MessageView& message) { return message.key.size() + message.payload.size(); }

}  // namespace

/// Decided before it is sent, by what it would be on the other side: that may be less than the other side's limit by then.
const MessageView& Publisher::as_it_leaves(const MessageView& message) {
  const auto limit = claims_ == nullptr ? std::nullopt : claims_->limit_of(message);
  return limit && destination_.record_bytes(message) > *limit ? claims_->claimed(message) : message;
}

bool Publisher::send(const MessageView& message, std::size_t& bytes) {
  if (tracker_.full()) return false;
  const auto& leaves = as_it_leaves(message);
  bytes = bytes_of(leaves);
  return destination_.send(leaves) == Sink::Send::accepted;
}

bool Publisher::offer(const MessageView& message) {
  std::size_t bytes = 0;
  if (!send(message, bytes)) return false;
  tracker_.sent(message.ticket, bytes);
  return true;
}

bool Publisher::offer_aside(const MessageView& message) {
  ANNALS_ASSERT(message.ticket < 0);
  std::size_t bytes = 0;
  if (!send(message, bytes)) return false;
  aside_.emplace(message.ticket, bytes);
  return true;
}

std::size_t Publisher::collect(std::chrono::milliseconds wait) {
  deliveries_.clear();
  try {
    destination_.poll(wait, deliveries_);
  } catch (...) {
    account();
    throw;
  }
  return account();
}

std::size_t Publisher::account() {
  std::size_t count = 0;
  for (const auto& delivery : deliveries_) {
    if (in_flight() == 0) throw_breach(delivery.ticket);
    if (!delivery.delivered()) {
      fail(delivery);
    } else if (const auto aside = aside_.find(delivery.ticket); aside != aside_.end()) {
      aside_sums_.bytes += aside->second;
      ++aside_sums_.aside;
      aside_.erase(aside);
      delivered_aside_.push_back(delivery.ticket);
      ++count;
    } else if (tracker_.delivered(delivery.ticket)) {
      ++count;
    } else {
      throw_breach(delivery.ticket);
    }
  }
  return count;
}

Publisher::Sums Publisher::take_sums() {
  auto sums = std::exchange(aside_sums_, {});
  sums.bytes += tracker_.take_delivered_bytes();
  if (claims_ != nullptr) sums.claims = claims_->take_sums();
  return sums;
}

void Publisher::fail(const Delivery& delivery) {
  ++undelivered_;
  if (delivery.outcome == Delivery::Outcome::refused) {
    refused_.insert(std::ranges::upper_bound(refused_, delivery.ticket, {}, &Delivery::ticket), delivery);
  } else if (!undecided_ || delivery.ticket < undecided_->ticket) {
    undecided_ = delivery;
  }
}

}  // namespace annals::outbox
