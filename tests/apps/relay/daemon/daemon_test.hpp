#pragma once
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <csignal>
#include <memory>
#include <string>
#include <vector>

#include "annals/eventstore/event_store.hpp"
#include "annals/outbox/outbox.hpp"
#include "annals/postgres/connection.hpp"
#include "annals/postgres/pqxx_compat.hpp"
#include "relay_process.hpp"
#include "support/temp_database.hpp"

namespace annals::tests {

/// A database with the schema, writers, and the program to run against them.
class RelayDaemonTest : public ::testing::Test {
 protected:
  using Arguments = std::vector<std::string>;

  /// The program on this database with any free port, and what `more` says.
  std::unique_ptr<RelayProcess> start(Arguments more, std::map<std::string, std::string> environment = {}) {
    Arguments arguments{"--listen", "127.0.0.1:0"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    environment.emplace("ANNALS_DATABASE", database_.uri("relay"));
    return std::make_unique<RelayProcess>(arguments, environment);
  }

  void enqueue(const std::string& topic, int first, int count) {
    std::vector<outbox::Message> messages;
    for (int i = first; i < first + count; ++i) {
      messages.push_back({.topic = topic,
                          .key = fmt::format("k{}", i % 7),
                          .type = "shop.v1.OrderPlaced",
                          .payload = fmt::format("{{\"n\": {}}}", i),
                          .content_type = ContentType::json});
    }
    enqueue(messages);
  }

  void enqueue(const std::vector<outbox::Message>& messages) {
    pqxx::work tx{*writer_};
    outbox_.enqueue(tx, messages);
    tx.commit();
  }

  void append(const std::string& stream, int count) {
    std::vector<NewEvent> events;
    events.reserve(static_cast<std::size_t>(count));
    for (int i = 0; i < count; ++i) {
      events.push_back({.type = "shop.v1.OrderPaid", .data = std::to_string(i), .content_type = ContentType::json});
    }
    eventstore::EventStore store{database_.as("writer")};
    static_cast<void>(store.append(StreamName{stream}, ExpectedVersion::no_stream(), events));
  }

  void execute(const std::string& sql) { postgres::Connection{database_.superuser()}.execute(sql); }
  std::string scalar(const std::string& sql) {
    const auto rows = postgres::Connection{database_.superuser()}.query("SELECT (" + sql + ")::text");
    return rows.text(0, 0);
  }

  TempDatabase database_;
  TempFolder folder_;
  outbox::Outbox outbox_{database_.as("writer")};
  std::unique_ptr<pqxx::connection> writer_ = postgres::open_pqxx(database_.as("writer"));
};

/// A configuration that routes all events to `topic`.
inline std::string routed(const std::string& topic) {
  return fmt::format("[relay]\nsources = [\"outbox\", \"events\"]\n[[route]]\ncategory = \"*\"\ntopic = \"{}\"\n",
                     topic);
}

}  // namespace annals::tests
