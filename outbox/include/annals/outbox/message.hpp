#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "annals/core/content_type.hpp"
#include "annals/core/event_id.hpp"
#include "annals/core/metadata.hpp"
#include "annals/core/timestamp.hpp"

namespace annals::outbox {

/// Keys are short names that messages are ordered by, not content.
inline constexpr std::size_t message_key_bytes_max = 1024;

/// A message that a service wants on Kafka, not yet written.
struct Message {
  std::string topic;  ///< 1 to 249 of [a-zA-Z0-9._-], not "." or ".."
  std::string key;    ///< order holds per key; empty means no key and no order
  std::string type;   ///< stable type name, becomes ce_type
  std::string payload;
  ContentType content_type = ContentType::protobuf;
  Metadata metadata = {};
  EventId id = EventId::generate();
  std::optional<Timestamp> occurred_at = std::nullopt;  ///< of the years 1 to 9999
};

/// Throws Error{invalid} naming the member that breaks a limit.
void require_valid(const Message& message);
/// Key, type, payload and metadata: what counts against limits::append_bytes_max.
[[nodiscard]] std::size_t byte_size(const Message& message) noexcept;
/// Throws Error{invalid} unless `topic` is a legal Kafka topic name.
void require_topic(std::string_view topic);

/// A committed message or event on its way to a Sink. All views are valid only during the call they are passed to.
struct MessageView {
  std::int64_t ticket = 0;    ///< counts the messages of one run of a relay: 1, 2, 3 …; a Delivery names it
  std::int64_t position = 0;  ///< in its log, for people: increases, but has holes
  std::string_view topic;
  std::string_view key;  ///< empty: none
  EventId id;
  std::string_view type;
  ContentType content_type = ContentType::octet_stream;
  std::string_view payload;
  /// There is no payload, rather than an empty one: a compacted topic forgets the key.
  bool tombstone = false;
  Timestamp time;
  std::string_view subject;   ///< stream name of an event; empty for outbox messages
  std::int64_t sequence = 0;  ///< stream version of an event; 0 for outbox messages
  std::string_view correlation_id;
  std::string_view causation_id;
  std::string_view traceparent;
  std::string_view tracestate;
  std::vector<std::pair<std::string_view, std::string_view>> headers;
  /// Why its source could make no message of what it found; the rest may be missing. Such a one is never published: it is poison.
  std::string fault = {};
  std::string fault_hint = {};  ///< what mends it; empty: nothing is known
  /// Not empty: the payload is too large and stayed in the database; this refers to it (annals/outbox/claim.hpp), and `payload` is
  /// what is published in its place.
  std::string_view claim = {};
};

/// Bytes of the message's key, payload and headers.
[[nodiscard]] std::size_t byte_size(const MessageView& message) noexcept;

}  // namespace annals::outbox
