#include "annals/kafka/sink.hpp"

#include <utility>

#include "producer/producer_sink.hpp"

namespace annals::kafka {

struct KafkaSink::Impl {
  ProducerSink sink;
};

KafkaSink::KafkaSink(Options options) : impl_(new Impl{ProducerSink{std::move(options)}}) {}

KafkaSink::~KafkaSink() = default;

outbox::Sink::Send KafkaSink::send(const outbox::MessageView& message) { return impl_->sink.send(message); }

void KafkaSink::poll(std::chrono::milliseconds wait, std::vector<outbox::Delivery>& deliveries) {
  impl_->sink.poll(wait, deliveries);
}

std::size_t KafkaSink::record_bytes(const outbox::MessageView& message) const {
  return impl_->sink.record_bytes(message);
}

bool KafkaSink::connected() const noexcept { return impl_->sink.state().connected.load(std::memory_order_relaxed); }

KafkaSink::Queued KafkaSink::queued() const noexcept {
  const auto& state = impl_->sink.state();
  return {.messages = state.messages.load(std::memory_order_relaxed),
          .bytes = state.bytes.load(std::memory_order_relaxed)};
}

}  // namespace annals::kafka
