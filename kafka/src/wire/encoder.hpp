#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "annals/kafka/encoding.hpp"
#include "annals/kafka/schema_registry.hpp"
#include "annals/outbox/message.hpp"
#include "annals/outbox/topic_pattern.hpp"
#include "client/client.hpp"
#include "producer/placement.hpp"
#include "wire/header_map.hpp"

namespace annals::kafka {

/// A message as it goes into a record. The views are good until the message or the encoder changes.
struct Encoded {
  HeadersHandle headers;
  bool has_key = false;
  bool is_tombstone = false;  ///< no value, which is not the same as an empty one
  std::string_view key;
  std::string_view payload;
  Placement placement;
  std::size_t request_bytes = 0;  ///< what it takes of a request at most

  [[nodiscard]] std::size_t bytes() const noexcept { return key.size() + payload.size(); }
};

/// Makes records of messages, by rules. Not thread-safe; owns the rules, borrows the registry, which only frames need.
///
/// Invariant: equal messages make equal records, whoever encodes them and when. So a message that is sent again lands where it
/// landed before, and nothing of its key can overtake it.
class Encoder {
 public:
  /// Throws Error{invalid}: see require_valid().
  Encoder(std::string source, EncodingRules rules, SchemaRegistry* registry = nullptr);
  Encoder(const Encoder&) = delete;
  Encoder& operator=(const Encoder&) = delete;
  ~Encoder() = default;

  /// Nothing: the registry has not answered yet, ask again. Throws Error{refused}: the message cannot be a record of that kind;
  /// Error{disconnected}: the registry does not answer.
  [[nodiscard]] std::optional<Encoded> encode(const outbox::MessageView& message);
  /// At most so many bytes is its record: key, headers and value. Asks no registry.
  [[nodiscard]] std::size_t record_bytes(const outbox::MessageView& message) const;
  /// Waits for the registry, when it was asked; false at once when it was not.
  bool wait(std::chrono::milliseconds wait_max) { return registry_ != nullptr && registry_->wait(wait_max); }

 private:
  /// A rule made ready.
  struct Ready {
    explicit Ready(const EncodingRule& of) : rule(of), topic(of.topic), headers(of) {}
    const EncodingRule& rule;
    outbox::TopicPattern topic;
    HeaderMap headers;
  };

  [[nodiscard]] const Ready* find(const outbox::MessageView& message) const;
  [[nodiscard]] Encoded plain(const outbox::MessageView& message) const;
  [[nodiscard]] std::optional<Encoded> by_rule(const Ready& ready, const outbox::MessageView& message);
  void take_key(const KeyRule& rule, const outbox::MessageView& message, Encoded& out);
  [[nodiscard]] HeadersHandle make_headers(const Ready& ready, const outbox::MessageView& message,
                                           bool structured) const;

  bool frame(const EncodingRule& rule, const outbox::MessageView& message, Encoded& out);

  std::string source_;
  SchemaRegistry* registry_;
  EncodingRules rules_;
  std::vector<Ready> ready_;  // of rules_
  std::string id_;            ///< of the message, when it is the key
  std::string value_;         ///< that is not the payload alone
  std::string frame_;
};

}  // namespace annals::kafka
