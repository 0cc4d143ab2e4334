#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "annals/postgres/migrator.hpp"
#include "annals/postgres/transact.hpp"

namespace shop::orders {

/// A row of the read model: what the shop tells its customers about an order.
struct OrderStatus {
  std::string order_id;
  std::string customer_id;
  std::string state;
  std::int64_t amount_cents = 0;
  std::string updated_at;  ///< RFC 3339
};

/// The table order_status, written by the projection of that name only.
[[nodiscard]] annals::postgres::MigrationSet status_schema();

[[nodiscard]] std::optional<OrderStatus> find_status(pqxx::transaction_base& tx, const std::string& order_id);
/// The last changed first, at most `limit`; an empty state is any.
[[nodiscard]] std::vector<OrderStatus> list_status(pqxx::transaction_base& tx, const std::string& state, int limit);

}  // namespace shop::orders
