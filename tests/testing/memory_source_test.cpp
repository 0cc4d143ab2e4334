#include "annals/testing/memory_source.hpp"

#include "annals/testing/source_contract.hpp"

namespace annals::testing {
namespace {

class MemorySourceHarness final : public SourceHarness {
 public:
  explicit MemorySourceHarness(std::size_t partitions) : partitions_(partitions) {}
  void feed(const std::vector<FedMessage>& messages) override {
    for (const auto& message : messages) {
      const auto partition = std::hash<std::string>{}(message.key) % partitions_;
      log_.append({.topic = "contract",
                   .partition = static_cast<std::int32_t>(partition),
                   .key = message.key,
                   .id = message.id,
                   .source = "/contract",
                   .type = message.type,
                   .subject = {},
                   .payload = message.payload,
                   .time = {},
                   .metadata = {}});
    }
  }
  std::unique_ptr<projections::Source> make_source() override { return std::make_unique<MemorySource>(log_); }
  bool break_source(projections::Source& source) override {
    dynamic_cast<MemorySource&>(source).break_down();
    return true;
  }

 private:
  std::size_t partitions_;
  MemoryLog log_;
};

SourceAdapter adapter(std::string name, std::size_t partitions) {
  return {std::move(name), [partitions] { return std::make_unique<MemorySourceHarness>(partitions); }};
}

INSTANTIATE_TEST_SUITE_P(Memory, SourceContract,
                         ::testing::Values(adapter("one_partition", 1), adapter("three_partitions", 3)),
                         [](const auto& adapter) { return adapter.param.name; });

}  // namespace
}  // namespace annals::testing
