// Sources that break one clause of the contract each; contract_control_test.cpp expects the suite to notice.
#include <algorithm>

#include "annals/testing/memory_source.hpp"
#include "annals/testing/source_contract.hpp"

namespace annals::testing {
namespace {

enum class Fault {
  reverses,
  gives_more,
  keeps_old,
  forgets_commit,
  commits_on_receive,
  commits_too_much,
  cuts_payload
};

class BreakingSource final : public projections::Source {
 public:
  BreakingSource(MemoryLog& log, Fault fault) : log_(log), fault_(fault), inner_(log) {}

  void receive(std::size_t max, std::chrono::milliseconds wait,
               std::vector<projections::IncomingMessage>& messages) override {
    if (fault_ == Fault::gives_more) ++max;
    std::vector<projections::IncomingMessage> some;
    inner_.receive(max, wait, some);
    if (fault_ == Fault::reverses) std::reverse(some.begin(), some.end());
    if (fault_ == Fault::cuts_payload) {
      for (auto& message : some) message.payload = message.payload.c_str();
    }
    if (fault_ != Fault::keeps_old) messages.clear();
    messages.insert(messages.end(), some.begin(), some.end());
    if (fault_ == Fault::commits_on_receive) inner_.commit();
  }
  void commit() override {
    if (fault_ == Fault::forgets_commit) return;
    if (fault_ == Fault::commits_too_much) return log_.commit("group", log_.messages().size());
    inner_.commit();
  }

 private:
  MemoryLog& log_;
  Fault fault_;
  MemorySource inner_;
};

class BreakingSourceHarness final : public SourceHarness {
 public:
  explicit BreakingSourceHarness(Fault fault) : fault_(fault) {}
  void feed(const std::vector<FedMessage>& messages) override {
    for (const auto& [key, id, type, payload] : messages) {
      projections::IncomingMessage message;
      message.topic = "contract";
      message.key = key;
      message.id = id;
      message.type = type;
      message.payload = payload;
      log_.append(std::move(message));
    }
  }
  std::unique_ptr<projections::Source> make_source() override { return std::make_unique<BreakingSource>(log_, fault_); }

 private:
  Fault fault_;
  MemoryLog log_;
};

SourceAdapter adapter(std::string name, Fault fault) {
  return {std::move(name), [fault] { return std::make_unique<BreakingSourceHarness>(fault); },
          std::chrono::milliseconds{200}, std::chrono::milliseconds{10}};
}

INSTANTIATE_TEST_SUITE_P(Broken, SourceContract,
                         ::testing::Values(adapter("reverses", Fault::reverses),
                                           adapter("gives_more", Fault::gives_more),
                                           adapter("keeps_old", Fault::keeps_old),
                                           adapter("forgets_commit", Fault::forgets_commit),
                                           adapter("commits_on_receive", Fault::commits_on_receive),
                                           adapter("commits_too_much", Fault::commits_too_much),
                                           adapter("cuts_payload", Fault::cuts_payload)),
                         [](const auto& adapter) { return adapter.param.name; });

}  // namespace
}  // namespace annals::testing
