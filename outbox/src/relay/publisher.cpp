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

}  // namespace

bool Publisher::offer(const MessageView& message) {
  if (tracker_.full() || destination_.send(message) == Sink::Send::full) return false;
  tracker_.sent(message.ticket);
  return true;
}

bool Publisher::offer_aside(const MessageView& message) {
  ANNALS_ASSERT(message.ticket < 0);
  if (tracker_.full() || destination_.send(message) == Sink::Send::full) return false;
  ++aside_;
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
    } else if (delivery.ticket < 0 && aside_ > 0) {
      --aside_;
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

void Publisher::fail(const Delivery& delivery) {
  ++undelivered_;
  if (delivery.outcome == Delivery::Outcome::refused) {
    refused_.insert(std::ranges::upper_bound(refused_, delivery.ticket, {}, &Delivery::ticket), delivery);
  } else if (!undecided_ || delivery.ticket < undecided_->ticket) {
    undecided_ = delivery;
  }
}

}  // namespace annals::outbox
