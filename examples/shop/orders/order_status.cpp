#include "orders/order_status.hpp"

#include "annals/core/clock.hpp"
#include "annals/postgres/pqxx_compat.hpp"
#include "annals/projections/runner.hpp"
#include "orders/order.hpp"

namespace shop::orders {
namespace {

using annals::RecordedEvent;
using annals::postgres::exec_params;
using annals::postgres::PqxxParams;
using Transaction = pqxx::transaction_base;

constexpr std::chrono::milliseconds wait_max{200};  // so soon a stop is noticed

constexpr auto insert_row = "INSERT INTO order_status VALUES ($1, $2, $3, $4, $5::timestamptz)";
constexpr auto update_state = "UPDATE order_status SET state = $2, updated_at = $3::timestamptz WHERE order_id = $1";

void insert(const v1::OrderPlaced& placed, const RecordedEvent& event, Transaction& tx) {
  exec_params(tx, insert_row,
              PqxxParams{}
                  .text(placed.order_id())
                  .text(placed.customer_id())
                  .text(to_string(Order::State::placed))
                  .integer(placed.amount_cents())
                  .text(annals::format_timestamp(event.time())));
}

/// The handler of an event that does nothing but move the order to `state`.
auto moves_to(Order::State state) {
  return [state](const auto& changed, const RecordedEvent& event, Transaction& tx) {
    exec_params(
        tx, update_state,
        PqxxParams{}.text(changed.order_id()).text(to_string(state)).text(annals::format_timestamp(event.time())));
  };
}

}  // namespace

annals::projections::Projection order_status() {
  annals::projections::Projection projection{"order_status"};
  projection.on<v1::OrderPlaced>(insert);
  projection.on<v1::OrderPaid>(moves_to(Order::State::paid));
  projection.on<v1::OrderCancelled>(moves_to(Order::State::cancelled));
  projection.on<v1::OrderCompleted>(moves_to(Order::State::completed));
  projection.reset([](Transaction& tx) { tx.exec("TRUNCATE order_status"); });
  return projection;
}

void project_order_status(const annals::postgres::Database& database, const annals::TypeRegistry& types,
                          const std::stop_token& stop) {
  const auto projection = order_status();
  annals::SystemClock clock;
  annals::projections::Runner runner{database, projection, types, clock};
  while (!stop.stop_requested()) runner.step(wait_max);
}

}  // namespace shop::orders
