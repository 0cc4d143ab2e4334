// Destinations that break one clause of the contract each; contract_control_test.cpp expects the suite to notice.
#include "annals/testing/destination_contract.hpp"
#include "annals/testing/memory_destination.hpp"
#include "annals/testing/memory_sink.hpp"
#include "memory_destination_harness.hpp"

namespace annals::testing {
namespace {

enum class Fault { forgets, never_fences, mixes_names, hides_others, drops_messages, commits_on_open, stays_shut };

class BreakingDestination final : public outbox::Destination {
 public:
  BreakingDestination(outbox::Sink& sink, MemoryProgress& progress, const std::string& relay, Fault fault)
      : sink_(sink),
        progress_(progress),
        fault_(fault),
        destination_(sink, progress, fault == Fault::mixes_names ? "relay" : relay) {}

  CommitRule commit_rule() const noexcept override { return CommitRule::any_prefix; }
  outbox::Checkpoint open() override {
    if (fault_ == Fault::stays_shut && opened_before()) return {};
    auto checkpoint = destination_.open();
    if (fault_ == Fault::hides_others) checkpoint.others.clear();
    if (fault_ == Fault::commits_on_open) (void)destination_.commit({"opened"});
    return checkpoint;
  }
  outbox::Sink::Send send(const outbox::MessageView& message) override {
    if (fault_ != Fault::drops_messages) return sink_.send(message);
    lost_.push_back({message.ticket, outbox::Delivery::Outcome::delivered, {}});
    return outbox::Sink::Send::accepted;
  }
  void poll(std::chrono::milliseconds wait, std::vector<outbox::Delivery>& deliveries) override {
    sink_.poll(wait, deliveries);
    deliveries.insert(deliveries.end(), lost_.begin(), lost_.end());
    lost_.clear();
  }
  using Destination::commit;
  Commit commit(const outbox::Cursor& cursor, std::string_view note) override {
    if (fault_ == Fault::forgets) return Commit::committed;
    if (fault_ == Fault::never_fences) {
      progress_.relays["relay"].cursor = cursor;
      return Commit::committed;
    }
    return destination_.commit(cursor, note);
  }

 private:
  [[nodiscard]] bool opened_before() const { return progress_.relays.contains("relay"); }
  outbox::Sink& sink_;
  MemoryProgress& progress_;
  Fault fault_;
  MemoryDestination destination_;
  std::vector<outbox::Delivery> lost_;
};

class BreakingDestinationHarness final : public MemoryDestinationHarness {
 public:
  explicit BreakingDestinationHarness(Fault fault) : fault_(fault) {}
  std::unique_ptr<outbox::Destination> make(const std::string& relay) override {
    return std::make_unique<BreakingDestination>(sink_, progress_, relay, fault_);
  }

 private:
  Fault fault_;
};

DestinationAdapter adapter(std::string name, Fault fault) {
  return {std::move(name), [fault] { return std::make_unique<BreakingDestinationHarness>(fault); },
          std::chrono::milliseconds{200}};
}

INSTANTIATE_TEST_SUITE_P(
    Broken, DestinationContract,
    ::testing::Values(adapter("forgets", Fault::forgets), adapter("never_fences", Fault::never_fences),
                      adapter("mixes_names", Fault::mixes_names), adapter("hides_others", Fault::hides_others),
                      adapter("drops_messages", Fault::drops_messages),
                      adapter("commits_on_open", Fault::commits_on_open), adapter("stays_shut", Fault::stays_shut)),
    [](const auto& adapter) { return adapter.param.name; });

}  // namespace
}  // namespace annals::testing
