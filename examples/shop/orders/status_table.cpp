#include "orders/status_table.hpp"

namespace shop::orders {
namespace {

using annals::postgres::exec_params;
using annals::postgres::PqxxParams;

constexpr auto create_table = R"(
CREATE TABLE public.order_status (
  order_id     text PRIMARY KEY,
  customer_id  text NOT NULL,
  state        text NOT NULL,
  amount_cents bigint NOT NULL,
  updated_at   timestamptz NOT NULL
);
CREATE INDEX order_status_by_state ON public.order_status (state, updated_at DESC);
)";

const std::string select =
    "SELECT order_id, customer_id, state, amount_cents,"
    " to_char(updated_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') FROM order_status ";

std::vector<OrderStatus> rows_of(const pqxx::result& result) {
  std::vector<OrderStatus> rows;
  for (const auto& row : result) {
    rows.push_back({row[0].as<std::string>(), row[1].as<std::string>(), row[2].as<std::string>(),
                    row[3].as<std::int64_t>(), row[4].as<std::string>()});
  }
  return rows;
}

}  // namespace

annals::postgres::MigrationSet status_schema() { return {"shop_orders", {{1, "order_status", create_table}}}; }

std::optional<OrderStatus> find_status(pqxx::transaction_base& tx, const std::string& order_id) {
  auto rows = rows_of(exec_params(tx, select + "WHERE order_id = $1", PqxxParams{}.text(order_id)));
  if (rows.empty()) return std::nullopt;
  return std::move(rows.front());
}

std::vector<OrderStatus> list_status(pqxx::transaction_base& tx, const std::string& state, int limit) {
  return rows_of(exec_params(tx, select + "WHERE $1 IN ('', state) ORDER BY updated_at DESC, order_id LIMIT $2",
                             PqxxParams{}.text(state).integer(limit)));
}

}  // namespace shop::orders
