#include "verify/collect.hpp"

#include <algorithm>
#include <thread>
#include <utility>

#include "admin/broker.hpp"
#include "annals/core/error.hpp"
#include "annals/eventstore/event_store.hpp"
#include "annals/eventstore/message_log.hpp"
#include "annals/kafka/source.hpp"
#include "annals/outbox/message_log.hpp"
#include "annals/outbox/status.hpp"
#include "annals/postgres/connection.hpp"
#include "annals/testing/memory_offsets.hpp"

namespace shop::verify {
namespace {

using annals::postgres::Connection;
using annals::postgres::Database;

constexpr std::chrono::milliseconds poll{200};
/// A topic that says nothing for so long before its end was read is broken.
constexpr std::chrono::seconds silence_max{15};

std::int64_t number(const Database& database, const std::string& query) {
  return Connection{database}.query(query).bigint(0, 0);
}

std::int64_t unfinished_orders(const Scene& scene) {
  return number(scene.orders,
                "SELECT count(*) FILTER (WHERE type = 'shop.v1.OrderPlaced')"
                "     - count(*) FILTER (WHERE type IN ('shop.v1.OrderCancelled', 'shop.v1.OrderCompleted'))"
                "  FROM annals.events");
}

std::int64_t stale_rows(const Scene& scene) {
  return number(scene.orders,
                "SELECT (SELECT count(*) FROM annals.events WHERE type = 'shop.v1.OrderPlaced')"
                "     - (SELECT count(*) FROM public.order_status WHERE state IN ('cancelled', 'completed'))");
}

std::int64_t relay_lag(const Database& database) {
  Connection connection{database};
  std::int64_t lag = 0;
  for (const auto& relay : annals::outbox::read_relay_status(
           connection,
           {annals::outbox::message_log(database.schema), annals::eventstore::message_log(database.schema)}))
    lag += relay.lag_messages.value_or(0);
  return lag;
}

std::int64_t consumer_lag(const Scene& scene, const std::string& group, const std::string& topic) {
  return Broker{scene.brokers, scene.topic_prefix + group}.lag(scene.topic_prefix + topic);
}

/// What is still to do, by whom.
using Work = std::vector<std::pair<std::string, std::int64_t>>;

Work open_work(const Scene& scene) {
  return {{"orders not finished", unfinished_orders(scene)},
          {"rows of order_status not up to date", stale_rows(scene)},
          {"events of orders not published", relay_lag(scene.orders)},
          {"events of payments not published", relay_lag(scene.payments)},
          {"events of shipping not published", relay_lag(scene.shipping)},
          {"messages to payments", consumer_lag(scene, "payments", "orders")},
          {"messages to shipping", consumer_lag(scene, "shipping", "orders")},
          {"messages to orders", consumer_lag(scene, "orders", "payments")},
          {"messages to orders", consumer_lag(scene, "orders", "shipments")}};
}

std::string describe(const Work& work) {
  std::string text;
  for (const auto& [what, count] : work) {
    if (count != 0) text += (text.empty() ? "" : ", ") + std::to_string(count) + " " + what;
  }
  return text;
}

Published published(const annals::projections::IncomingMessage& message) {
  return {message.topic, message.partition, message.offset, message.key, message.id, message.subject, message.sequence};
}

/// Whether every partition was read up to its end.
bool reached(const std::vector<std::int64_t>& next, const std::vector<std::int64_t>& ends) {
  return std::equal(next.begin(), next.end(), ends.begin(), std::greater_equal<>{});
}

std::vector<Published> read_topic(const Scene& scene, const std::string& topic) {
  const auto ends = Broker{scene.brokers}.end_offsets(topic);
  annals::kafka::KafkaSource source{{.settings = {{"bootstrap.servers", scene.brokers}},
                                     .group = scene.topic_prefix + "verify-" + annals::EventId::generate().to_string(),
                                     .topics = {topic}}};
  annals::testing::MemoryOffsets offsets;  // of nobody before: from the beginning
  std::vector<std::int64_t> next(ends.size(), 0);
  std::vector<Published> records;
  std::vector<annals::projections::IncomingMessage> messages;
  while (!reached(next, ends)) {
    source.receive(offsets, 10'000, silence_max, messages);
    if (messages.empty()) throw annals::Error{annals::ErrorKind::failed, "topic " + topic + " fell silent"};
    for (const auto& message : messages) {
      records.push_back(published(message));
      next.at(static_cast<std::size_t>(message.partition)) = message.offset + 1;
    }
  }
  const auto place = [](const Published& record) { return std::pair{record.partition, record.offset}; };
  std::sort(records.begin(), records.end(), [&](const auto& a, const auto& b) { return place(a) < place(b); });
  return records;
}

Service collect_service(const Scene& scene, const Database& database, const std::string& topic) {
  Service service{.topic = topic, .history = {}, .published = read_topic(scene, scene.topic_prefix + topic)};
  const annals::eventstore::EventStore store{database};
  store.read_all({}, [&](const annals::RecordedEvent& event) {
    service.history.push_back(event);
    return true;
  });
  return service;
}

std::vector<StatusRow> read_status(const Database& database) {
  Connection connection{database};
  const auto result =
      connection.query("SELECT order_id, customer_id, state, amount_cents FROM public.order_status ORDER BY order_id");
  std::vector<StatusRow> rows;
  rows.reserve(static_cast<std::size_t>(result.rows()));
  for (int row = 0; row < result.rows(); ++row) {
    rows.push_back({result.text(row, 0), result.text(row, 1), result.text(row, 2), result.bigint(row, 3)});
  }
  return rows;
}

}  // namespace

bool wait_until_quiet(const Scene& scene, std::chrono::seconds wait_max, std::string& reason) {
  const auto deadline = std::chrono::steady_clock::now() + wait_max;
  while (true) {
    reason = describe(open_work(scene));
    if (reason.empty()) return true;
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(poll);
  }
}

Evidence collect(const Scene& scene) {
  return {.orders = collect_service(scene, scene.orders, "orders"),
          .payments = collect_service(scene, scene.payments, "payments"),
          .shipments = collect_service(scene, scene.shipping, "shipments"),
          .status = read_status(scene.orders)};
}

}  // namespace shop::verify
