#pragma once
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "annals/core/clock.hpp"
#include "annals/core/error.hpp"
#include "annals/outbox/message_log.hpp"
#include "annals/outbox/outbox.hpp"
#include "annals/outbox/relay.hpp"
#include "annals/postgres/connection.hpp"
#include "annals/postgres/pqxx_compat.hpp"
#include "recording_sink.hpp"
#include "support/error_of.hpp"
#include "support/temp_database.hpp"

namespace annals::tests {

using namespace std::chrono_literals;

/// A database with the schema, a writer and what relays need.
class RelayTestBase : public ::testing::Test {
 protected:
  using State = outbox::StepReport::State;

  static outbox::Message message(std::string key, std::string payload) {
    return {.topic = "orders", .key = std::move(key), .type = "shop.v1.OrderPlaced", .payload = std::move(payload)};
  }

  std::int64_t enqueue(const std::string& key, const std::string& payload) {
    pqxx::work tx{*writer_};
    const auto position = outbox_.enqueue(tx, message(key, payload));
    tx.commit();
    return position;
  }

  /// Messages numbered from `first`, over `keys` keys, in one transaction.
  void enqueue_numbers(int first, int count, int keys = 5, const std::string& topic = "orders") {
    std::vector<outbox::Message> messages;
    for (int i = first; i < first + count; ++i) {
      messages.push_back(message(fmt::format("k{}", i % keys), std::to_string(i)));
      messages.back().topic = topic;
    }
    pqxx::work tx{*writer_};
    outbox_.enqueue(tx, messages);
    tx.commit();
  }

  outbox::Relay relay(outbox::Sink& sink, outbox::RelayOptions options = {}) {
    return {database_.as("relay"), log_, sink, clock_, std::move(options)};
  }

  /// Steps until the report satisfies `done`; gives up long after any healthy relay would have got there.
  outbox::StepReport step_until(outbox::Relay& relay, const std::function<bool(const outbox::StepReport&)>& done) {
    const auto deadline = std::chrono::steady_clock::now() + 60s;
    while (std::chrono::steady_clock::now() < deadline) {
      auto report = relay.step(20ms);
      if (done(report)) return report;
    }
    throw std::runtime_error{"the relay did not get there within a minute"};
  }
  outbox::StepReport run_until_idle(outbox::Relay& relay) {
    return step_until(relay, [](const auto& report) { return report.state == State::idle; });
  }

  /// One value of the database, as text.
  std::string scalar(const std::string& sql) {
    return postgres::Connection{database_.superuser()}.query("SELECT (" + sql + ")::text").text(0, 0);
  }
  void execute(const std::string& sql) { postgres::Connection{database_.superuser()}.execute(sql); }

  static std::vector<std::string> payloads(const RecordingSink& sink) {
    std::vector<std::string> out;
    for (const auto& message : sink.received) out.push_back(message.payload);
    return out;
  }
  static std::vector<std::string> numbers(int first, int count) {
    std::vector<std::string> out;
    for (int i = first; i < first + count; ++i) out.push_back(std::to_string(i));
    return out;
  }

  TempDatabase database_;
  SystemClock clock_;
  postgres::MessageLog log_ = outbox::message_log("annals");
  outbox::Outbox outbox_{database_.as("writer")};
  std::unique_ptr<pqxx::connection> writer_ = postgres::open_pqxx(database_.as("writer"));
};

}  // namespace annals::tests
