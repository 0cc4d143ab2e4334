// The broker is away for a while, and the writers go on. ANNALS_OUTAGE_SECONDS: for how long, 6 by default; CONTRIBUTING.md has the
// command for ten minutes.
#include <gmock/gmock.h>

#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <stop_token>
#include <thread>

#include "daemon_test.hpp"
#include "support/kafka_topic.hpp"
#include "support/private_stack.hpp"
#include "support/published.hpp"

namespace annals::tests {
namespace {

using namespace std::chrono_literals;
using SteadyClock = std::chrono::steady_clock;

std::chrono::seconds outage() {
  const char* text = std::getenv("ANNALS_OUTAGE_SECONDS");
  return std::chrono::seconds{text == nullptr ? 6 : std::max(3, std::atoi(text))};
}

class RelayOutage : public RelayDaemonTest {
 protected:
  static constexpr int a_transaction = 20;
  static constexpr int transactions_per_second = 100;

  /// Enqueues 2,000 messages a second for so long; the commits' times, sorted.
  std::vector<double> write_for(std::chrono::seconds time) {
    std::vector<double> milliseconds;
    auto next = SteadyClock::now();
    for (int i = 0; i < time.count() * transactions_per_second; ++i) {
      std::this_thread::sleep_until(next);
      next += 1'000ms / transactions_per_second;
      const auto begin = SteadyClock::now();
      enqueue(topic_, written_, a_transaction);
      written_ += a_transaction;
      milliseconds.push_back(std::chrono::duration<double, std::milli>(SteadyClock::now() - begin).count());
    }
    std::sort(milliseconds.begin(), milliseconds.end());
    return milliseconds;
  }
  static std::string percentiles(const std::vector<double>& sorted) {
    return fmt::format("p50 {:.2f} ms, p99 {:.2f} ms", sorted[sorted.size() / 2], sorted[sorted.size() * 99 / 100]);
  }
  bool has_published_all(const RelayProcess& relay) const {
    return relay.metric("annals_relay_checkpoint_position{source=\"outbox\"}") == static_cast<double>(written_);
  }

  const PrivateStack kafka_{"kafka"};
  const std::string topic_ = create_topic(unique_topic("orders"), 3, {}, kafka_.address());
  int written_ = 0;
};

TEST_F(RelayOutage, LosesNothingStaysSmallAndRecovers) {
  const auto relay = start({"--brokers", kafka_.address()});
  const auto before = write_for(3s);
  ASSERT_TRUE(eventually([&] { return has_published_all(*relay); })) << relay->err();
  const auto memory = relay->metric("process_resident_memory_bytes").value_or(0);

  kafka_.kill();
  const auto during = write_for(outage());
  EXPECT_EQ(relay->get("/readyz").status, 503);
  EXPECT_EQ(relay->get("/livez").status, 200);
  EXPECT_EQ(relay->metric("annals_relay_circuit_open{source=\"outbox\"}"), 1.0);
  const auto grown = relay->metric("process_resident_memory_bytes").value_or(0) - memory;
  EXPECT_LT(during[during.size() / 2], 5 * before[before.size() / 2] + 20) << "writers have nothing to do with it";
  EXPECT_LT(grown, 24.0 * (1 << 20)) << "a backlog stays in the database";

  kafka_.start();
  const auto begin = SteadyClock::now();
  ASSERT_TRUE(eventually([&] { return has_published_all(*relay); }, 120s)) << relay->err();
  const auto recovery = std::chrono::duration<double>(SteadyClock::now() - begin).count();
  EXPECT_TRUE(eventually([&] { return relay->ready(); }));
  EXPECT_EQ(relay->metric("annals_relay_circuit_open{source=\"outbox\"}"), 0.0);

  const auto lines = relay->err();
  const auto count = [&](const std::string& text) {
    int found = 0;
    for (auto at = lines.find(text); at != std::string::npos; at = lines.find(text, at + 1)) ++found;
    return found;
  };
  EXPECT_EQ(count("circuit open"), 1) << lines;
  EXPECT_EQ(count("circuit closed"), 1) << lines;
  std::vector<Published> all;
  for (const auto& record : read_all(topic_, kafka_.address())) {
    all.push_back({record.key, nlohmann::json::parse(record.value).at("n").get<int>()});
  }
  EXPECT_EQ(fault_in(all, written_), "");
  fmt::print(
      "writers: before {}; during {}\nmemory grew by {:.1f} MB; {} messages waited, published {:.1f} s after the "
      "broker began to start\n",
      percentiles(before), percentiles(during), grown / (1 << 20), outage().count() * 2'000, recovery);
}

}  // namespace
}  // namespace annals::tests
