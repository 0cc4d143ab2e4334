// Sinks that break one clause of the contract each; contract_control_test.cpp expects the suite to notice.
#include <algorithm>

#include "annals/testing/memory_sink.hpp"
#include "annals/testing/sink_contract.hpp"

namespace annals::testing {
namespace {

enum class Fault {
  reorders,
  reports_twice,
  drops_reports,
  keeps_views,
  never_full,
  overtakes,
  blames_innocents,
  cuts_payload,
  clears
};

class BreakingSink final : public outbox::Sink {
 public:
  BreakingSink(MemoryLog& log, Fault fault, std::size_t queue_max, std::size_t refused)
      : log_(log), fault_(fault), queue_max_(fault == Fault::never_full ? 1'000'000 : queue_max), refused_(refused) {}

  Send send(const outbox::MessageView& message) override {
    if (queue_.size() >= queue_max_) return Send::full;
    queue_.emplace_back(message, to_incoming(message));
    return Send::accepted;
  }
  void poll(std::chrono::milliseconds, std::vector<outbox::Delivery>& deliveries) override {
    if (fault_ == Fault::clears) deliveries.clear();
    if (fault_ == Fault::reorders) std::reverse(queue_.begin(), queue_.end());
    for (const auto& [view, copy] : queue_) deliver(view, copy, deliveries);
    queue_.clear();
  }

 private:
  void deliver(const outbox::MessageView& view, const projections::IncomingMessage& copy,
               std::vector<outbox::Delivery>& deliveries) {
    ++count_;
    const bool refused = count_ == refused_ || (fault_ == Fault::blames_innocents && refused_ > 0 && count_ > refused_);
    if (!refused) {
      auto message = fault_ == Fault::keeps_views ? to_incoming(view) : copy;
      if (fault_ == Fault::cuts_payload)
        message.payload.resize(std::min(message.payload.find('\0'), message.payload.size()));
      log_.append(std::move(message));
    }
    if (fault_ == Fault::drops_reports && view.ticket % 10 == 0) return;
    deliveries.push_back({view.ticket,
                          refused ? outbox::Delivery::Outcome::refused : outbox::Delivery::Outcome::delivered,
                          refused ? "refused" : ""});
    if (fault_ == Fault::reports_twice && view.ticket == 5) deliveries.push_back(deliveries.back());
  }

  MemoryLog& log_;
  Fault fault_;
  std::size_t queue_max_;
  std::size_t refused_;
  std::size_t count_ = 0;
  std::vector<std::pair<outbox::MessageView, projections::IncomingMessage>> queue_;
};

class BreakingSinkHarness final : public SinkHarness {
 public:
  explicit BreakingSinkHarness(Fault fault) : fault_(fault) {}
  std::unique_ptr<outbox::Sink> make_sink(std::size_t queue_max) override {
    return std::make_unique<BreakingSink>(log_, fault_, queue_max, 0);
  }
  std::string topic() override { return "contract"; }
  std::vector<DurableMessage> durable() override {
    std::vector<DurableMessage> out;
    for (const auto& message : log_.messages()) out.push_back({message.key, message.payload, message.id});
    return out;
  }
  std::unique_ptr<outbox::Sink> make_refusing_sink(std::size_t nth) override {
    return std::make_unique<BreakingSink>(log_, fault_, 1'000, nth);
  }

 private:
  Fault fault_;
  MemoryLog log_;
};

SinkAdapter adapter(std::string name, Fault fault) {
  return {std::move(name), [fault] { return std::make_unique<BreakingSinkHarness>(fault); },
          std::chrono::milliseconds{200}};
}

INSTANTIATE_TEST_SUITE_P(
    Broken, SinkContract,
    ::testing::Values(adapter("reorders", Fault::reorders), adapter("reports_twice", Fault::reports_twice),
                      adapter("drops_reports", Fault::drops_reports), adapter("keeps_views", Fault::keeps_views),
                      adapter("never_full", Fault::never_full), adapter("overtakes", Fault::overtakes),
                      adapter("blames_innocents", Fault::blames_innocents),
                      adapter("cuts_payload", Fault::cuts_payload), adapter("clears", Fault::clears)),
    [](const auto& adapter) { return adapter.param.name; });

}  // namespace
}  // namespace annals::testing
