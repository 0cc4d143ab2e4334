#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "annals/eventstore/event_store.hpp"
#include "annals/eventstore/message_log.hpp"
#include "annals/outbox/message_log.hpp"
#include "annals/outbox/outbox.hpp"
#include "annals/postgres/connection.hpp"
#include "annals/postgres/pqxx_compat.hpp"
#include "annals/testing/message_source_contract.hpp"
#include "support/temp_database.hpp"

namespace annals::tests {

/// One of the two logs of a database of its own, for the contract of MessageSource, and a source that reads it.
class LogHarness : public testing::MessageSourceHarness {
 public:
  using Make = std::function<std::unique_ptr<outbox::MessageSource>(
      postgres::Connection& session, Clock& clock, const postgres::MessageLog& log, std::size_t batch_max)>;
  /// `role` is the reader's.
  LogHarness(postgres::MessageLog log, std::string role, Make make)
      : log_(std::move(log)), role_(std::move(role)), make_(std::move(make)) {}

  void write(const std::string& payload) override {
    pqxx::work tx{*writer_};
    insert(tx, payload);
    tx.commit();
  }
  void write_open(const std::string& payload) override {
    open_.emplace(*other_);
    insert(*open_, payload);
  }
  void end_open(bool commit) override {
    if (commit) open_->commit();
    open_.reset();
  }
  std::unique_ptr<outbox::MessageSource> make_source(std::size_t batch_max) override {
    auto session = std::make_unique<postgres::Connection>(database_.as(role_));
    auto source = make_(*session, clock_, log_, batch_max);
    session_ = std::move(session);
    return source;
  }
  /// What a restored copy would hold: the same positions, other messages.
  void change_history() override {
    postgres::Connection{database_.superuser()}.execute("SET session_replication_role = replica; ALTER TABLE " +
                                                        log_.relation + " DISABLE TRIGGER USER; UPDATE " +
                                                        log_.relation + " SET " + log_.id + " = gen_random_uuid()");
  }
  [[nodiscard]] const TempDatabase& database() const { return database_; }
  [[nodiscard]] const postgres::MessageLog& log() const { return log_; }

 protected:
  virtual void insert(pqxx::work& tx, const std::string& payload) = 0;
  TempDatabase database_;

 private:
  SystemClock clock_;
  postgres::MessageLog log_;
  std::string role_;
  Make make_;
  std::unique_ptr<pqxx::connection> writer_ = postgres::open_pqxx(database_.as("writer"));
  std::unique_ptr<pqxx::connection> other_ = postgres::open_pqxx(database_.as("writer"));
  std::optional<pqxx::work> open_;
  std::unique_ptr<postgres::Connection> session_;
};

class OutboxHarness final : public LogHarness {
 public:
  OutboxHarness(std::string role, Make make)
      : LogHarness(outbox::message_log("annals"), std::move(role), std::move(make)) {}

 private:
  void insert(pqxx::work& tx, const std::string& payload) override {
    outbox_.enqueue(tx, outbox::Message{.topic = "t", .key = "k", .type = "t", .payload = payload});
  }
  outbox::Outbox outbox_{database_.as("writer")};
};

class EventsHarness final : public LogHarness {
 public:
  EventsHarness(std::string role, Make make)
      : LogHarness(eventstore::message_log("annals"), std::move(role), std::move(make)) {}

 private:
  void insert(pqxx::work& tx, const std::string& payload) override {
    // A stream each: a writer of a stream would wait for the one that is open.
    (void)events_.append(tx, StreamName{"order-" + payload}, ExpectedVersion::any(),
                         {NewEvent{.type = "t", .data = payload}});
  }
  eventstore::EventStore events_{database_.as("writer")};
};

}  // namespace annals::tests
