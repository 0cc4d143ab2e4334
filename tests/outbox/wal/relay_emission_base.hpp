#pragma once
#include <string>
#include <utility>
#include <vector>

#include "annals/outbox/emission.hpp"
#include "annals/outbox/parked.hpp"
#include "relay_test_base.hpp"
#include "support/server_version.hpp"

namespace annals::tests {

/// How the log is read.
enum class Way { streamed, mined };

/// A database whose relay has read the log once, so that messages may be emitted.
class RelayEmissionBase : public RelayTestBase, public ::testing::WithParamInterface<Way> {
 protected:
  RelayEmissionBase() { skip_unless_mined(database_); }
  outbox::Relay miner(outbox::Sink& sink, outbox::RelayOptions options = {}) {
    options.read_from = outbox::ReadFrom::wal;
    if (GetParam() == Way::mined) {
      options.mine_from_bytes = 1;
      options.mine_batch_bytes = 4096;
    }
    return {database_.as("wal_relay"), log_, sink, clock_, std::move(options)};
  }
  /// By its checkpoint, until all is published; what it published.
  std::vector<std::string> run_once(outbox::RelayOptions options = {}) {
    RecordingSink sink;
    run(sink, std::move(options));
    return payloads(sink);
  }
  void run(RecordingSink& sink, outbox::RelayOptions options = {}) {
    auto relay = miner(sink, std::move(options));
    run_until_idle(relay);
    EXPECT_TRUE(relay.drain(5s));
  }
  /// What a relay throws that reads from there.
  Error error_of_run(outbox::ReadFrom from = outbox::ReadFrom::wal, outbox::RelayOptions options = {}) {
    RecordingSink sink;
    options.read_from = from;
    outbox::Relay relay{database_.as("wal_relay"), log_, sink, clock_, std::move(options)};
    return error_of([&] { (void)step_until(relay, [](const auto& report) { return report.state == State::idle; }); });
  }
  void switch_on() {
    postgres::Connection connection{database_.as("operator")};
    outbox::switch_emission_on(connection, log_);
  }
  void switch_off(outbox::Emitted emitted = outbox::Emitted::publish) {
    postgres::Connection connection{database_.as("operator")};
    outbox::switch_emission_off(connection, log_, emitted);
  }
  void run_and_switch_on() {
    EXPECT_TRUE(run_once().empty());
    switch_on();
  }
  std::int64_t emit(const std::string& key, const std::string& payload) {
    pqxx::work tx{*writer_};
    const auto position = outbox_.emit(tx, message(key, payload));
    tx.commit();
    return position;
  }
  void emit_numbers(int first, int count, int keys = 5) {
    std::vector<outbox::Message> messages;
    messages.reserve(static_cast<std::size_t>(count));
    for (int i = first; i < first + count; ++i)
      messages.push_back(message(fmt::format("k{}", i % keys), std::to_string(i)));
    pqxx::work tx{*writer_};
    outbox_.emit(tx, messages);
    tx.commit();
  }
  std::string slot() {
    return scalar("SELECT slot_name FROM pg_replication_slots WHERE database = current_database() AND NOT temporary");
  }
  void drop_slot() { execute("SELECT pg_drop_replication_slot('" + slot() + "')"); }
  /// As whoever has the secret: the owner.
  void write_ours(const std::string& transactional, const std::string& content, const std::string& version = "1") {
    execute(fmt::format(
        "SELECT pg_logical_emit_message({}, 'annals.outbox/{}/annals/' || token, {}) FROM annals.outbox_emission",
        transactional, version, content));
  }
};

}  // namespace annals::tests
