#include "relay/publisher.hpp"

#include <fmt/format.h>

#include "annals/core/error.hpp"

namespace annals::outbox {

void Publisher::start(std::int64_t position) {
  tracker_.start(position);
  refused_.reset();
  refusals_ = 0;
}

bool Publisher::offer(const MessageView& message) {
  if (tracker_.full() || sink_.send(message) == Sink::Send::full) return false;
  tracker_.sent(message.position);
  return true;
}

std::size_t Publisher::collect(std::chrono::milliseconds wait) {
  deliveries_.clear();
  sink_.poll(wait, deliveries_);
  std::size_t count = 0;
  for (const auto& delivery : deliveries_) {
    if (!delivery.delivered()) {
      refuse(delivery);
    } else if (tracker_.delivered(delivery.position)) {
      ++count;
    } else {
      throw Error{
          ErrorKind::failed,
          fmt::format("the sink reported position {} twice, or without having been given it", delivery.position),
          {.hint = "the sink breaks its contract (annals/outbox/sink.hpp)", .sqlstate = {}}};
    }
  }
  return count;
}

void Publisher::refuse(const Delivery& delivery) {
  ++refusals_;
  if (!refused_ || delivery.position < refused_->position) refused_ = delivery;
}

}  // namespace annals::outbox
