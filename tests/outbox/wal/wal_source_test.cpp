#include "wal/wal_source.hpp"

#include <gmock/gmock.h>

#include "annals/eventstore/event_store.hpp"
#include "annals/eventstore/message_log.hpp"
#include "annals/outbox/message_log.hpp"
#include "annals/outbox/outbox.hpp"
#include "annals/postgres/connection.hpp"
#include "annals/postgres/pqxx_compat.hpp"
#include "annals/testing/message_source_contract.hpp"
#include "support/error_of.hpp"
#include "support/temp_database.hpp"
#include "wal/wal_cursor.hpp"

namespace annals::testing {
namespace {

/// One of the two logs of a database of its own. The slot is there before the first message, as it is when a relay runs.
class WalSourceHarness : public MessageSourceHarness {
 public:
  /// How the log is read.
  enum class Way { streamed, mined };
  WalSourceHarness(postgres::MessageLog log, Way way) : log_(std::move(log)), way_(way) {}

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
    auto session = std::make_unique<postgres::Connection>(database_.as("wal_relay"));
    auto source = std::make_unique<outbox::WalSource>(
        *session, clock_, log_,
        outbox::WalSource::Options{.relay = "contract",
                                   .rows_max = batch_max,
                                   .poll_interval = std::chrono::milliseconds{20},
                                   .feed = way_ == Way::mined ? mined() : outbox::WalFeed::Options{}});
    session_ = std::move(session);
    return source;
  }
  void change_history() override {
    postgres::Connection{database_.superuser()}.execute("SET session_replication_role = replica; ALTER TABLE " +
                                                        log_.relation + " DISABLE TRIGGER USER; UPDATE " +
                                                        log_.relation + " SET " + log_.id + " = gen_random_uuid()");
  }
  /// The slot, as a relay that ran before has left it.
  void make_slot() {
    postgres::Connection session{database_.as("wal_relay")};
    (void)outbox::WalSlot{session, log_, "contract"}.open();
  }

 protected:
  virtual void insert(pqxx::work& tx, const std::string& payload) = 0;
  tests::TempDatabase database_;

 private:
  /// Whatever there is, in small batches, and again after the smallest pause.
  static outbox::WalFeed::Options mined() {
    return {.mine_from_bytes = 1, .batch_bytes = 4096, .look_again = std::chrono::milliseconds{1}};
  }

  SystemClock clock_;
  postgres::MessageLog log_;
  Way way_;
  std::unique_ptr<pqxx::connection> writer_ = postgres::open_pqxx(database_.as("writer"));
  std::unique_ptr<pqxx::connection> other_ = postgres::open_pqxx(database_.as("writer"));
  std::optional<pqxx::work> open_;
  std::unique_ptr<postgres::Connection> session_;
};

class OutboxHarness final : public WalSourceHarness {
 public:
  explicit OutboxHarness(Way way) : WalSourceHarness(outbox::message_log("annals"), way) { make_slot(); }
  void insert(pqxx::work& tx, const std::string& payload) override {
    outbox_.enqueue(tx, outbox::Message{.topic = "t", .key = "k", .type = "t", .payload = payload});
  }

 private:
  outbox::Outbox outbox_{database_.as("writer")};
};

class EventsHarness final : public WalSourceHarness {
 public:
  explicit EventsHarness(Way way) : WalSourceHarness(eventstore::message_log("annals"), way) { make_slot(); }
  void insert(pqxx::work& tx, const std::string& payload) override {
    (void)events_.append(tx, StreamName{"order-" + payload}, ExpectedVersion::any(),
                         {NewEvent{.type = "t", .data = payload}});
  }

 private:
  eventstore::EventStore events_{database_.as("writer")};
};

using Way = WalSourceHarness::Way;

template <class Harness>
MessageSourceAdapter adapter(const char* name, Way way) {
  return {.name = name,
          .make = [way] { return std::make_unique<Harness>(way); },
          .order = MessageSourceAdapter::Order::commits};
}

INSTANTIATE_TEST_SUITE_P(Wal, MessageSourceContract,
                         ::testing::Values(adapter<OutboxHarness>("outbox", Way::streamed),
                                           adapter<OutboxHarness>("outbox_mined", Way::mined),
                                           adapter<EventsHarness>("events", Way::streamed),
                                           adapter<EventsHarness>("events_mined", Way::mined)),
                         [](const auto& adapter) { return adapter.param.name; });

}  // namespace
}  // namespace annals::testing
