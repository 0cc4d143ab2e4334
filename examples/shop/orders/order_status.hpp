#pragma once
#include <stop_token>

#include "annals/core/type_registry.hpp"
#include "annals/postgres/database.hpp"
#include "annals/projections/projection.hpp"

namespace shop::orders {

/// The projection that keeps the table order_status equal to the history of all orders.
[[nodiscard]] annals::projections::Projection order_status();

/// Applies it until stopped. Throws annals::Error when the connection is lost; call it again then.
void project_order_status(const annals::postgres::Database& database, const annals::TypeRegistry& types,
                          const std::stop_token& stop);

}  // namespace shop::orders
