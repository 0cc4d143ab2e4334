#include "shipping/shipment.hpp"

namespace shop::shipping {

Shipment evolve(Shipment, const ShipmentEvent&) { return {.shipped = true}; }

ShipmentEvents ship(const Shipment& shipment, const v1::OrderPaid& order) {
  if (shipment.shipped) return {};
  v1::OrderShipped shipped;
  shipped.set_order_id(order.order_id());
  return {shipped};
}

}  // namespace shop::shipping
