#pragma once
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "annals/core/event.hpp"
#include "annals/core/type_registry.hpp"
#include "annals/eventstore/event_store.hpp"
#include "annals/postgres/array_literal.hpp"
#include "annals/postgres/connection.hpp"
#include "annals/postgres/pqxx_compat.hpp"
#include "annals/projections/projection.hpp"

namespace annals::tests {

/// What was paid by whom; "customer:cents" on the wire.
struct Paid {
  std::string customer;
  long long cents = 0;
};

inline TypeRegistry make_types() {
  TypeRegistry types;
  types.add<Paid>(
      "fines.v1.Paid",
      Codec<Paid>{ContentType::octet_stream,
                  [](const Paid& paid) { return paid.customer + ':' + std::to_string(paid.cents); },
                  [](ContentType, std::string_view text) {
                    const auto colon = text.find(':');
                    return Paid{std::string{text.substr(0, colon)}, std::stoll(std::string{text.substr(colon + 1)})};
                  }});
  return types;
}

/// Cents and number of payments of each customer: adding the same payment twice, or never, shows.
using Totals = std::map<std::string, std::pair<long long, long long>>;

inline void add(Totals& totals, const Paid& paid) {
  auto& [cents, payments] = totals[paid.customer];
  cents += paid.cents;
  ++payments;
}

/// The fold of the whole log, in memory: what every read model is compared with.
inline Totals fold(const eventstore::EventStore& store, const TypeRegistry& types) {
  Totals totals;
  store.read_all(GlobalPosition{}, [&](const RecordedEvent& event) {
    if (event.type == "fines.v1.Paid") add(totals, types.decode<Paid>(event));
    return true;
  });
  return totals;
}

/// The read model as it lies in its table.
inline Totals read_model(postgres::Connection& connection, const std::string& table) {
  const auto rows = connection.query("SELECT customer, cents, payments FROM public." + table);
  Totals totals;
  for (int i = 0; i < rows.rows(); ++i) totals[rows.text(i, 0)] = {rows.bigint(i, 1), rows.bigint(i, 2)};
  return totals;
}

inline void create_or_empty(projections::Projection& projection, const std::string& table) {
  projection.setup([table](pqxx::transaction_base& tx) {
    tx.exec("CREATE TABLE IF NOT EXISTS public." + table +
            " (customer text COLLATE \"C\" PRIMARY KEY, cents bigint NOT NULL, payments bigint NOT NULL)");
  });
  projection.reset([table](pqxx::transaction_base& tx) { tx.exec("TRUNCATE public." + table); });
}

inline std::string upsert(const std::string& table, const std::string& rows) {
  return "INSERT INTO public." + table + " AS t " + rows +
         " ON CONFLICT (customer) DO UPDATE SET cents = t.cents + excluded.cents,"
         " payments = t.payments + excluded.payments";
}

/// One statement an event.
inline projections::Projection row_by_row(const std::string& name = "rows") {
  projections::Projection projection{name};
  create_or_empty(projection, name);
  projection.on<Paid>([sql = upsert(name, "VALUES ($1, $2::bigint, 1)")](const Paid& paid, pqxx::transaction_base& tx) {
    postgres::exec_params(tx, sql, postgres::PqxxParams{}.text(paid.customer).integer(paid.cents));
  });
  return projection;
}

inline void write(const Totals& totals, const std::string& table, pqxx::transaction_base& tx) {
  postgres::ArrayLiteral customers;
  postgres::ArrayLiteral cents;
  postgres::ArrayLiteral payments;
  for (const auto& [customer, total] : totals) {
    customers.add(customer);
    cents.add(std::to_string(total.first));
    payments.add(std::to_string(total.second));
  }
  postgres::exec_params(tx, upsert(table, "SELECT * FROM unnest($1::text[], $2::bigint[], $3::bigint[])"),
                        postgres::PqxxParams{}
                            .text(std::move(customers).finish())
                            .text(std::move(cents).finish())
                            .text(std::move(payments).finish()));
}

/// One statement a batch; `batch` must outlive the projection.
inline projections::Projection by_sets(Totals& batch, const std::string& name = "sets") {
  projections::Projection projection{name};
  create_or_empty(projection, name);
  projection.begin([&batch] { batch.clear(); });
  projection.on<Paid>([&batch](const Paid& paid) { add(batch, paid); });
  projection.flush([&batch, name](pqxx::transaction_base& tx) { write(batch, name, tx); });
  return projection;
}

}  // namespace annals::tests
