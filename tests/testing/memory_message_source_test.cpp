#include "annals/testing/memory_message_source.hpp"

#include "annals/testing/message_source_contract.hpp"

namespace annals::testing {
namespace {

class MemoryMessageSourceHarness final : public MessageSourceHarness {
 public:
  void write(const std::string& payload) override { log_.append({"t", "k", payload}); }
  void write_open(const std::string& payload) override { open_ = log_.append_open({"t", "k", payload}); }
  void end_open(bool commit) override { commit ? log_.commit(open_) : log_.roll_back(open_); }
  std::unique_ptr<outbox::MessageSource> make_source(std::size_t batch_max) override {
    return std::make_unique<MemoryMessageSource>(log_, batch_max);
  }
  void change_history() override { log_.change_history("2"); }

 private:
  MemoryMessageLog log_;
  std::int64_t open_ = 0;
};

INSTANTIATE_TEST_SUITE_P(Memory, MessageSourceContract,
                         ::testing::Values(MessageSourceAdapter{
                             "memory", [] { return std::make_unique<MemoryMessageSourceHarness>(); }}),
                         [](const auto& adapter) { return adapter.param.name; });

}  // namespace
}  // namespace annals::testing
