#pragma once
#include <string>
#include <vector>

#include "annals/core/type_registry.hpp"
#include "annals/eventstore/event_store.hpp"
#include "annals/outbox/outbox.hpp"
#include "annals/postgres/connection.hpp"
#include "annals/postgres/pqxx_compat.hpp"
#include "annals/projections/inbox.hpp"
#include "annals/testing/memory_log.hpp"

namespace annals::tests {

inline constexpr const char* create_effects =
    "CREATE TABLE IF NOT EXISTS public.effects (number bigint GENERATED ALWAYS AS IDENTITY, payload text)";

inline projections::IncomingMessage incoming(std::string payload, std::string id, std::string source = "/shop",
                                             std::int32_t partition = 0) {
  projections::IncomingMessage out;
  out.topic = "orders";
  out.partition = partition;
  out.id = std::move(id);
  out.source = std::move(source);
  out.type = "shop.v1.OrderPlaced";
  out.payload = std::move(payload);
  return out;
}

/// Three effects of a message: a row, an event and an outbox message.
inline void take_effect(const eventstore::EventStore& store, const outbox::Outbox& outbox, const std::string& payload,
                        pqxx::transaction_base& tx) {
  postgres::exec_params(tx, "INSERT INTO public.effects (payload) VALUES ($1)", postgres::PqxxParams{}.text(payload));
  (void)store.append(tx, StreamName{"payments"}, ExpectedVersion::any(), {{.type = "shop.v1.Asked", .data = payload}});
  (void)outbox.enqueue(tx, {.topic = "commands", .key = "k", .type = "shop.v1.Ask", .payload = payload});
}

/// Every message takes effect on the inbox's transaction.
inline projections::MessageHandlers make_effects(const eventstore::EventStore& store, const outbox::Outbox& outbox) {
  projections::MessageHandlers handlers;
  handlers.on_type("shop.v1.OrderPlaced", [&](const projections::IncomingMessage& message, pqxx::transaction_base& tx) {
    take_effect(store, outbox, message.payload, tx);
  });
  return handlers;
}

/// The payloads that took effect, in order, from one of the three places.
inline std::vector<std::string> payloads(postgres::Connection& connection, const std::string& sql) {
  const auto rows = connection.query(sql);
  std::vector<std::string> out;
  for (int i = 0; i < rows.rows(); ++i) out.push_back(rows.text(i, 0));
  return out;
}
inline constexpr const char* effect_rows = "SELECT payload FROM public.effects ORDER BY number";
inline constexpr const char* effect_events = "SELECT data FROM annals.events ORDER BY position";
inline constexpr const char* effect_messages = "SELECT payload FROM annals.outbox ORDER BY position";

}  // namespace annals::tests
