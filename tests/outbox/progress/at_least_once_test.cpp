#include "progress/at_least_once.hpp"

#include "annals/outbox/message_log.hpp"
#include "annals/postgres/connection.hpp"
#include "annals/testing/destination_contract.hpp"
#include "annals/testing/memory_sink.hpp"
#include "support/temp_database.hpp"

namespace annals::testing {
namespace {

/// An AtLeastOnceDestination with a session of its own, as a process has.
class OwnSession final : public outbox::Destination {
 public:
  OwnSession(const postgres::Database& database, outbox::Sink& sink, const std::string& relay)
      : session_(database), destination_(sink, session_, outbox::message_log("annals"), relay) {}
  CommitRule commit_rule() const noexcept override { return destination_.commit_rule(); }
  outbox::Checkpoint open() override { return destination_.open(); }
  outbox::Sink::Send send(const outbox::MessageView& message) override { return destination_.send(message); }
  void poll(std::chrono::milliseconds wait, std::vector<outbox::Delivery>& deliveries) override {
    destination_.poll(wait, deliveries);
  }
  Commit commit(const outbox::Cursor& cursor) override { return destination_.commit(cursor); }

 private:
  postgres::Connection session_;
  outbox::AtLeastOnceDestination destination_;
};

class AtLeastOnceHarness final : public DestinationHarness {
 public:
  std::unique_ptr<outbox::Destination> make(const std::string& relay) override {
    return std::make_unique<OwnSession>(database_.as("relay"), sink_, relay);
  }
  outbox::Cursor next_cursor() override {
    return outbox::TableCursor{.cluster = {"1", "1"}, .place = {++position_, EventId::generate()}}.encode();
  }
  std::vector<std::string> durable() override {
    std::vector<std::string> out;
    for (const auto& message : sink_.messages()) out.push_back(message.payload);
    return out;
  }

 private:
  tests::TempDatabase database_;
  MemorySink sink_;
  std::int64_t position_ = 0;
};

INSTANTIATE_TEST_SUITE_P(AtLeastOnce, DestinationContract,
                         ::testing::Values(DestinationAdapter{"postgres",
                                                              [] { return std::make_unique<AtLeastOnceHarness>(); }}),
                         [](const auto& adapter) { return adapter.param.name; });

}  // namespace
}  // namespace annals::testing
