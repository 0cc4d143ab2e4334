#pragma once
#include <cstdint>
#include <string>

#include "client/client.hpp"
#include "producer/verdict.hpp"

namespace annals::kafka {

/// A message that librdkafka gave back undelivered, with all that it takes to send it again.
struct ReturnedMessage {
  std::int64_t ticket = 0;
  std::string topic;
  bool has_key = false;
  std::string key;
  std::string payload;
  HeadersHandle headers;
  Verdict verdict = Verdict::none;
  std::string reason;  ///< what the broker or librdkafka said

  [[nodiscard]] std::size_t bytes() const noexcept { return key.size() + payload.size(); }
};

/// Copies what the report of a failed delivery holds.
[[nodiscard]] ReturnedMessage take_back(const rd_kafka_message_t& message, std::int64_t ticket);

}  // namespace annals::kafka
