#include "verify/checks.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "orders/order.hpp"
#include "payments/payment.hpp"
#include "service/event_types.hpp"
#include "shipping/shipment.hpp"

namespace shop::verify {
namespace {

using orders::Order;
using payments::Payment;

std::array<const Service*, 3> services(const Evidence& evidence) {
  return {&evidence.orders, &evidence.payments, &evidence.shipments};
}

/// "order-42" -> "42".
std::string id_in(const annals::StreamName& stream) { return stream.str().substr(stream.category().size() + 1); }

template <class State>
std::map<std::string, State> fold(const Service& service) {
  static const auto types = event_types();
  std::map<std::string, State> states;
  for (const auto& event : service.history) {
    auto& state = states[id_in(event.stream)];
    state = evolve(std::move(state), decode_as<typename State::Event>(types, event));
  }
  return states;
}

std::map<std::string, std::size_t> events_of_each(const Service& service) {
  std::map<std::string, std::size_t> counts;
  for (const auto& event : service.history) ++counts[id_in(event.stream)];
  return counts;
}

Order::State right_end(const std::map<std::string, Payment>& payments, const std::string& order) {
  const auto payment = payments.find(order);
  if (payment == payments.end()) return Order::State::none;
  return payment->second.state == Payment::State::refused ? Order::State::cancelled : Order::State::completed;
}

void expect_count(Findings& findings, const std::string& what, std::size_t actual, std::size_t expected) {
  if (actual == expected) return;
  findings.push_back(what + " happened " + std::to_string(actual) + " times instead of " + std::to_string(expected));
}

std::string where(const Published& record) {
  return record.topic + "[" + std::to_string(record.partition) + "]@" + std::to_string(record.offset);
}

Findings lost_of(const Service& service) {
  std::set<std::string> published;
  for (const auto& record : service.published) published.insert(record.id);
  Findings findings;
  for (const auto& event : service.history) {
    if (published.contains(event.id.to_string())) continue;
    findings.push_back(event.stream.str() + "@" + std::to_string(event.version.value()) + " is not on " +
                       service.topic);
  }
  return findings;
}

Findings invented_of(const Service& service) {
  std::map<std::string, const annals::RecordedEvent*> stored;
  for (const auto& event : service.history) stored.emplace(event.id.to_string(), &event);
  Findings findings;
  for (const auto& record : service.published) {
    const auto found = stored.find(record.id);
    if (found != stored.end() && found->second->stream.str() == record.stream && record.key == record.stream &&
        found->second->version.value() == record.version) {
      continue;
    }
    findings.push_back(where(record) + " is no event of the store: " + record.stream + " " + record.id);
  }
  return findings;
}

/// Follows one key through its topic.
struct KeyOrder {
  std::int32_t partition = 0;
  std::int64_t version = 0;
  std::set<std::string> seen;
};

Findings disorder_of(const Service& service) {
  std::map<std::string, KeyOrder> keys;
  Findings findings;
  for (const auto& record : service.published) {
    auto& key = keys.try_emplace(record.key, KeyOrder{record.partition, 0, {}}).first->second;
    if (key.partition != record.partition) findings.push_back(where(record) + ": " + record.key + " changed partition");
    if (!key.seen.insert(record.id).second) continue;
    if (record.version != key.version + 1) {
      findings.push_back(where(record) + ": " + record.key + "@" + std::to_string(record.version) + " follows @" +
                         std::to_string(key.version));
    }
    key.version = record.version;
  }
  return findings;
}

Findings of_each_service(const Evidence& evidence, Findings (*check)(const Service&)) {
  Findings all;
  for (const auto* service : services(evidence)) {
    for (auto& finding : check(*service)) all.push_back(std::move(finding));
  }
  return all;
}

StatusRow row_of(const Order& order) {
  return {order.order_id, order.customer_id, std::string{to_string(order.state)}, order.amount_cents};
}

}  // namespace

Findings orders_end_right(const Evidence& evidence) {
  const auto payments = fold<Payment>(evidence.payments);
  Findings findings;
  for (const auto& [id, order] : fold<Order>(evidence.orders)) {
    const auto expected = right_end(payments, id);
    if (is_final(order.state) && order.state == expected) continue;
    findings.push_back("order " + id + " is " + std::string{to_string(order.state)} + " instead of " +
                       std::string{is_final(expected) ? to_string(expected) : "decided by a payment"});
  }
  return findings;
}

Findings effects_happen_once(const Evidence& evidence) {
  const auto orders = fold<Order>(evidence.orders);
  auto payments = events_of_each(evidence.payments);
  auto shipments = events_of_each(evidence.shipments);
  Findings findings;
  for (const auto& [id, order] : orders) {
    expect_count(findings, "payment " + id, std::exchange(payments[id], 0), 1);
    const bool ships = order.state == Order::State::paid || order.state == Order::State::completed;
    expect_count(findings, "shipment " + id, std::exchange(shipments[id], 0), ships ? 1 : 0);
  }
  for (const auto& [id, count] : payments) expect_count(findings, "payment " + id + " without an order", count, 0);
  for (const auto& [id, count] : shipments) expect_count(findings, "shipment " + id + " without an order", count, 0);
  return findings;
}

Findings nothing_is_lost(const Evidence& evidence) { return of_each_service(evidence, lost_of); }
Findings nothing_is_invented(const Evidence& evidence) { return of_each_service(evidence, invented_of); }
Findings keys_keep_their_order(const Evidence& evidence) { return of_each_service(evidence, disorder_of); }

Findings read_model_equals_history(const Evidence& evidence) {
  auto orders = fold<Order>(evidence.orders);
  Findings findings;
  for (const auto& row : evidence.status) {
    const auto order = orders.find(row.order_id);
    if (order == orders.end()) {
      findings.push_back("order_status has an order that the history does not have, or has it twice: " + row.order_id);
      continue;
    }
    if (row != row_of(order->second)) {
      findings.push_back("order_status says " + row.order_id + " is " + row.state + ", the history says " +
                         std::string{to_string(order->second.state)});
    }
    orders.erase(order);
  }
  for (const auto& [id, order] : orders) findings.push_back("order_status lacks order " + id);
  return findings;
}

const std::vector<Check>& all_checks() {
  static const std::vector<Check> checks{
      {"every order is completed, or cancelled exactly when its payment was refused", orders_end_right},
      {"every payment and every shipment happened exactly once", effects_happen_once},
      {"every event of the three stores is on Kafka", nothing_is_lost},
      {"nothing is on Kafka that is not in a store", nothing_is_invented},
      {"the order of every key holds", keys_keep_their_order},
      {"the read model equals a fold over the history", read_model_equals_history},
  };
  return checks;
}

Figures count(const Evidence& evidence) {
  Figures figures;
  for (const auto& [id, order] : fold<Order>(evidence.orders)) {
    ++figures.placed;
    figures.completed += order.state == Order::State::completed ? 1 : 0;
    figures.cancelled += order.state == Order::State::cancelled ? 1 : 0;
  }
  for (const auto* service : services(evidence)) {
    std::set<std::string> ids;
    for (const auto& record : service->published) ids.insert(record.id);
    figures.events += service->history.size();
    figures.published += service->published.size();
    figures.duplicates += service->published.size() - ids.size();
  }
  return figures;
}

}  // namespace shop::verify
