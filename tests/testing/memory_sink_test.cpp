#include "annals/testing/memory_sink.hpp"

#include "annals/testing/sink_contract.hpp"

namespace annals::testing {
namespace {

class MemorySinkHarness final : public SinkHarness {
 public:
  explicit MemorySinkHarness(MemorySinkOptions options) : options_(options) {}
  std::unique_ptr<outbox::Sink> make_sink(std::size_t queue_max) override {
    auto options = options_;
    options.queue_max = queue_max;
    options.payload_bytes_max = too_large_.size() - 1;
    return std::make_unique<MemorySink>(log_, options);
  }
  std::string topic() override { return "contract"; }
  std::vector<DurableMessage> durable() override {
    std::vector<DurableMessage> out;
    for (const auto& message : log_.messages()) out.push_back({message.key, message.payload, message.id});
    return out;
  }
  bool make_unsendable(outbox::MessageView& message) override {
    message.payload = too_large_;
    return true;
  }
  std::unique_ptr<outbox::Sink> make_refusing_sink(std::size_t nth) override {
    auto options = options_;
    options.undeliverable_nth = nth;
    return std::make_unique<MemorySink>(log_, options);
  }

 private:
  std::string too_large_ = std::string(1'000, 'x');
  MemorySinkOptions options_;
  MemoryLog log_;
};

SinkAdapter adapter(std::string name, MemorySinkOptions options) {
  return {std::move(name), [options] { return std::make_unique<MemorySinkHarness>(options); }};
}

INSTANTIATE_TEST_SUITE_P(Memory, SinkContract,
                         ::testing::Values(adapter("plain", {}), adapter("delayed", {.delay_polls = 3}),
                                           adapter("shuffled", {.shuffle_seed = 7}),
                                           adapter("delayed_and_shuffled", {.delay_polls = 2, .shuffle_seed = 8})),
                         [](const auto& adapter) { return adapter.param.name; });

outbox::MessageView view(std::int64_t position, std::string_view key = "k") {
  outbox::MessageView out;
  out.ticket = out.position = position;
  out.topic = "t";
  out.key = key;
  return out;
}

std::vector<outbox::Delivery> poll(MemorySink& sink) {
  std::vector<outbox::Delivery> deliveries;
  sink.poll(std::chrono::milliseconds{0}, deliveries);
  return deliveries;
}

TEST(MemorySink, DelaysReportsByPolls) {
  MemorySink sink{{.delay_polls = 2}};
  (void)sink.send(view(1));
  EXPECT_TRUE(poll(sink).empty());
  EXPECT_TRUE(poll(sink).empty());
  EXPECT_TRUE(sink.messages().empty());
  EXPECT_EQ(poll(sink).size(), 1U);
  EXPECT_EQ(sink.messages().size(), 1U);
}

TEST(MemorySink, ShufflesReportsAcrossKeysOnly) {
  MemorySink sink{{.shuffle_seed = 3}};
  for (int i = 1; i <= 100; ++i) (void)sink.send(view(i, i % 2 == 0 ? "even" : "odd"));
  const auto deliveries = poll(sink);
  std::int64_t last[2] = {0, 0};
  bool sorted = true;
  for (std::size_t i = 0; i < deliveries.size(); ++i) {
    auto& before = last[deliveries[i].ticket % 2];
    EXPECT_GT(deliveries[i].ticket, before);
    before = deliveries[i].ticket;
    sorted = sorted && deliveries[i].ticket == static_cast<std::int64_t>(i) + 1;
  }
  EXPECT_EQ(deliveries.size(), 100U);
  EXPECT_FALSE(sorted);
}

TEST(MemorySink, RefusesTheNthMessageAtOnce) {
  MemorySink sink{{.unsendable_nth = 2}};
  (void)sink.send(view(1));
  EXPECT_THROW((void)sink.send(view(2)), Error);
  (void)sink.send(view(3));
  EXPECT_EQ(poll(sink).size(), 2U);
}

TEST(MemorySink, BreaksWithEitherFateOfWhatWasUndecided) {
  for (const auto fate : {MemorySink::Undecided::lost, MemorySink::Undecided::durable}) {
    MemoryLog log;
    MemorySink sink{log};
    (void)sink.send(view(1));
    sink.break_down(fate);
    EXPECT_THROW((void)sink.send(view(2)), Error);
    EXPECT_THROW(poll(sink), Error);
    EXPECT_EQ(log.messages().size(), fate == MemorySink::Undecided::durable ? 1U : 0U);
  }
}

}  // namespace
}  // namespace annals::testing
