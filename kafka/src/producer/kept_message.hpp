#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "annals/outbox/message.hpp"
#include "client/client.hpp"
#include "producer/placement.hpp"
#include "producer/verdict.hpp"

namespace annals::kafka {

/// A message that librdkafka has not, not yet or no more, with all that it takes to send it.
struct KeptMessage {
  std::int64_t ticket = 0;
  std::string topic;
  bool has_key = false;
  std::string key;
  bool is_tombstone = false;
  std::string payload;
  HeadersHandle headers;
  Placement placement;
  std::size_t request_bytes = 0;  ///< what it takes of a request at most, when it was never sent

  // When librdkafka gave it back
  Verdict verdict = Verdict::none;
  std::string reason;  ///< what the broker or librdkafka said

  [[nodiscard]] std::size_t bytes() const noexcept { return key.size() + payload.size(); }
};

/// What a message takes of a request at most.
[[nodiscard]] std::size_t request_bytes(const outbox::MessageView& message, std::string_view source);
/// By so much that may be wrong of what librdkafka compares with message.max.bytes.
inline constexpr std::size_t request_bytes_unsure = 1024;

struct Encoded;
/// Copies a message that has to wait. Its topic is where it waits.
[[nodiscard]] KeptMessage keep(std::int64_t ticket, Encoded encoded);
/// The end of a reason: the right on the topic that a message needs.
[[nodiscard]] std::string what_it_takes(std::string_view topic);
/// Copies what the report of a failed delivery holds.
[[nodiscard]] KeptMessage take_back(const rd_kafka_message_t& message, std::int64_t ticket);

}  // namespace annals::kafka
