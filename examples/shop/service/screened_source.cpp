#include "service/screened_source.hpp"

#include <fmt/format.h>

#include <map>
#include <string_view>

#include "annals/core/error.hpp"
#include "annals/core/stream_name.hpp"
#include "annals/core/text.hpp"
#include "service/caused_by.hpp"
#include "shop.pb.h"

namespace shop {
namespace {

using annals::TypeRegistry;
using annals::projections::IncomingMessage;

/// Throws as a handler would.
template <class Event>
void read(const TypeRegistry& types, const IncomingMessage& message) {
  const auto event = types.decode<Event>(message.type, message.content_type, message.payload);
  // The longest of the streams that an order has.
  static_cast<void>(annals::StreamName{"shipment-" + event.order_id()});
  annals::require_valid(caused_by(message));
}

using Reader = void (*)(const TypeRegistry&, const IncomingMessage&);

const std::map<std::string, Reader, std::less<>>& readers() {
  static const std::map<std::string, Reader, std::less<>> all{
      {"shop.v1.OrderPlaced", read<v1::OrderPlaced>},         {"shop.v1.OrderPaid", read<v1::OrderPaid>},
      {"shop.v1.OrderCancelled", read<v1::OrderCancelled>},   {"shop.v1.OrderCompleted", read<v1::OrderCompleted>},
      {"shop.v1.PaymentReceived", read<v1::PaymentReceived>}, {"shop.v1.PaymentRefused", read<v1::PaymentRefused>},
      {"shop.v1.OrderShipped", read<v1::OrderShipped>},
  };
  return all;
}

}  // namespace

void ScreenedSource::poll(annals::projections::OffsetTable& offsets, std::size_t max, std::chrono::milliseconds wait,
                          std::vector<IncomingMessage>& messages) {
  std::vector<IncomingMessage> received;
  source_.receive(offsets, max, wait, received);
  for (auto& message : received) {
    screen(message);
    messages.push_back(std::move(message));
  }
}

void ScreenedSource::screen(IncomingMessage& message) const {
  const auto reader = readers().find(message.type);
  if (reader == readers().end()) return;  // no handler of ours looks at it
  try {
    reader->second(types_, message);
  } catch (const annals::Error& error) {
    message.damaged = error.what();
    report_(fmt::format("left out: {} [{}] at {}, type {}: {}", annals::printable(message.topic), message.partition,
                        message.offset, annals::printable(message.type), error.what()));
  }
}

}  // namespace shop
