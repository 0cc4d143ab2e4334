#pragma once
#include <string>
#include <variant>
#include <vector>

#include "shop.pb.h"

/// One parcel, as pure functions.
namespace shop::shipping {

using ShipmentEvent = std::variant<v1::OrderShipped>;
using ShipmentEvents = std::vector<ShipmentEvent>;

struct Shipment {
  using Event = ShipmentEvent;
  bool shipped = false;

  bool operator==(const Shipment&) const = default;
};

[[nodiscard]] Shipment evolve(Shipment shipment, const ShipmentEvent& event);

/// Ships once, however often the payment is announced.
[[nodiscard]] ShipmentEvents ship(const Shipment& shipment, const v1::OrderPaid& order);

}  // namespace shop::shipping
