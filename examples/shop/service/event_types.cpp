#include "service/event_types.hpp"

#include "annals/core/protobuf_codec.hpp"
#include "shop.pb.h"

namespace shop {

annals::TypeRegistry event_types() {
  annals::TypeRegistry types;
  annals::add_protobuf<v1::OrderPlaced>(types);
  annals::add_protobuf<v1::OrderPaid>(types);
  annals::add_protobuf<v1::OrderCancelled>(types);
  annals::add_protobuf<v1::OrderCompleted>(types);
  annals::add_protobuf<v1::PaymentReceived>(types);
  annals::add_protobuf<v1::PaymentRefused>(types);
  annals::add_protobuf<v1::OrderShipped>(types);
  return types;
}

}  // namespace shop
