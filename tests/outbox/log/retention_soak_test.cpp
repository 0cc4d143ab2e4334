// The outbox under load for as long as one likes: every message once, each key in order, and the table no larger at the end than
// it was after the first partitions. A short run by itself; the whole one:
//
//     eval "$(script/stack env)"; ANNALS_SOAK_MESSAGES=20000000 build/release/tests/outbox/outbox_soak
#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdlib>
#include <thread>
#include <unordered_map>

#include "annals/outbox/retention.hpp"
#include "relay_test_base.hpp"

namespace annals::tests {
namespace {

constexpr std::int64_t batch = 500;
constexpr int writers = 2;
constexpr std::int64_t keys = 16;  // of each writer
/// So many partitions are filled in all.
constexpr std::int64_t partitions = 20;

std::int64_t messages_wanted() {
  const char* text = std::getenv("ANNALS_SOAK_MESSAGES");
  return text == nullptr ? 400'000 : std::strtoll(text, nullptr, 10);
}

/// Confirms at once, and compares each message with the one of its key before.
class CheckingSink final : public outbox::Sink {
 public:
  Send send(const outbox::MessageView& message) override {
    auto& last = last_[std::string{message.key}];
    const auto number = std::strtoll(std::string{message.payload}.c_str(), nullptr, 10);
    if (number != last + keys && last != 0) ++wrong;
    last = number;
    tickets_.push_back(message.ticket);
    return Send::accepted;
  }
  void poll(std::chrono::milliseconds, std::vector<outbox::Delivery>& deliveries) override {
    for (const auto ticket : tickets_)
      deliveries.push_back({.ticket = ticket, .outcome = outbox::Delivery::Outcome::delivered});
    count += static_cast<std::int64_t>(tickets_.size());
    tickets_.clear();
  }
  [[nodiscard]] std::size_t keys_seen() const { return last_.size(); }

  std::atomic<std::int64_t> count{0};
  std::int64_t wrong = 0;

 private:
  std::unordered_map<std::string, std::int64_t> last_;
  std::vector<std::int64_t> tickets_;
};

class RetentionSoak : public RelayTestBase {
 protected:
  /// Numbers from `first` to below `end`, no further ahead of the sink than half a partition.
  void write(int writer, std::int64_t first, std::int64_t end) {
    postgres::Connection session{database_.as("writer")};
    for (auto at = first; at < end; at += batch) {
      while (written_ - sink_.count > messages_ / partitions / 2) std::this_thread::sleep_for(1ms);
      session.query(
          "INSERT INTO annals.outbox (message_id, topic, key, type, content_type, payload) "
          "SELECT gen_random_uuid(), 'soak', $1::text || g % 16, 'T', 1, convert_to(g::text, 'UTF8') "
          "FROM generate_series($2::bigint, $3::bigint) g",
          postgres::Params{}.text(fmt::format("w{}-", writer)).bigint(at).bigint(std::min(at + batch, end) - 1));
      written_ += std::min(at + batch, end) - at;
    }
  }
  /// What the table takes, in tenths of the way.
  void watch(const std::atomic<bool>& stop) {
    postgres::Connection session{database_.as("relay")};
    while (!stop) {
      const auto step = outbox::maintain_outbox(session, "annals");
      dropped_ += step.action == outbox::MaintenanceStep::Action::dropped ? 1 : 0;
      auto& peak = peaks_.at(static_cast<std::size_t>(std::min<std::int64_t>(sink_.count * 10 / messages_, 9)));
      peak = std::max(peak, outbox::read_retention(session, "annals").size_bytes());
      std::this_thread::sleep_for(20ms);
    }
  }

  const std::int64_t messages_ = messages_wanted();
  CheckingSink sink_;
  std::atomic<std::int64_t> written_{0};
  std::array<std::int64_t, 10> peaks_{};
  int dropped_ = 0;
};

TEST_F(RetentionSoak, KeepsTheOutboxAsSmallAsItWas) {
  postgres::Connection operating{database_.as("operator")};
  outbox::set_retention(operating, "annals", {.retain = "0", .partition_rows = messages_ / partitions});
  std::atomic<bool> stop{false};
  auto publisher = relay(sink_);
  {
    std::jthread watcher{[&] { watch(stop); }};
    std::vector<std::jthread> writing;
    for (int writer = 0; writer < writers; ++writer) {
      const auto share = messages_ / writers;
      writing.emplace_back([this, writer, share] { write(writer, 1, share + 1); });
    }
    while (sink_.count < messages_ / writers * writers) (void)publisher.step(20ms);
    stop = true;
  }
  run_until_idle(publisher);

  for (std::size_t tenth = 0; tenth < peaks_.size(); ++tenth) {
    fmt::print("messages {:>9}  outbox at most {:>6.1f} MB\n", messages_ / 10 * static_cast<std::int64_t>(tenth + 1),
               static_cast<double>(peaks_.at(tenth)) / 1e6);
  }
  EXPECT_EQ(sink_.count, messages_ / writers * writers);
  EXPECT_EQ(sink_.wrong, 0);
  EXPECT_EQ(sink_.keys_seen(), writers * keys);
  EXPECT_GE(dropped_, partitions / 2);
  const auto early = *std::max_element(peaks_.begin() + 1, peaks_.begin() + 5);
  const auto late = *std::max_element(peaks_.begin() + 5, peaks_.end());
  EXPECT_LT(static_cast<double>(late), 1.5 * static_cast<double>(early)) << "the table grows";
}

}  // namespace
}  // namespace annals::tests
