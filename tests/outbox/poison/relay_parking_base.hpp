#pragma once
#include <string>
#include <utility>
#include <vector>

#include "annals/outbox/parked.hpp"
#include "relay_test_base.hpp"

namespace annals::tests {

/// 5 keys: positions 3, 8, 13, 18 are of key k2.
class RelayParkingBase : public RelayTestBase {
 protected:
  static outbox::RelayOptions parking(outbox::PoisonPolicy policy = outbox::PoisonPolicy::park,
                                      std::string dead_letter_topic = {}) {
    return {.on_poison = {{.topics = "*", .policy = policy, .dead_letter_topic = std::move(dead_letter_topic)}},
            .batch_rows_max = 7};
  }
  void publish(RecordingSink& sink, outbox::RelayOptions options = parking()) {
    auto relay = this->relay(sink, std::move(options));
    run_until_idle(relay);
    EXPECT_TRUE(relay.drain(5s));
  }
  std::vector<outbox::ParkedMessage> parked(bool with_done = false) {
    postgres::Connection connection{database_.as("operator")};
    return outbox::list_parked(connection, log_, {.with_done = with_done});
  }
  std::vector<std::int64_t> parked_positions() {
    std::vector<std::int64_t> out;
    for (const auto& message : parked()) out.push_back(message.position);
    return out;
  }
  void decide(std::int64_t position, outbox::ParkedAction action,
              std::vector<std::pair<std::string, std::string>> headers = {}) {
    postgres::Connection connection{database_.as("operator")};
    outbox::decide_parked(connection, log_,
                          {.position = position, .action = action, .headers = std::move(headers), .reason = "because"});
  }
  std::int64_t release(const std::string& key) {
    postgres::Connection connection{database_.as("operator")};
    return outbox::release_parked(connection, log_, "relay", {"orders", key}, "mended");
  }
  static std::vector<std::string> of_key(const RecordingSink& sink, const std::string& key) {
    std::vector<std::string> out;
    for (const auto& message : sink.received) {
      if (message.key == key) out.push_back(message.payload);
    }
    return out;
  }
  /// What key k2 has of 0 to `last`.
  static std::vector<std::string> all_of_k2(int last) {
    std::vector<std::string> out;
    for (int i = 2; i <= last; i += 5) out.push_back(std::to_string(i));
    return out;
  }
};

}  // namespace annals::tests
