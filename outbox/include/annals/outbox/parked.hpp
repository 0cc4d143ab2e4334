#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "annals/core/content_type.hpp"
#include "annals/core/event_id.hpp"
#include "annals/core/timestamp.hpp"
#include "annals/outbox/relay.hpp"
#include "annals/postgres/message_log.hpp"

namespace annals::postgres {
class Connection;
}

namespace annals::outbox {

/// What an operator decided about a message that cannot be published.
enum class ParkedAction {
  retry,    ///< publish it as it is now: the cause is mended
  skip,     ///< give it up for good; what waits behind it goes on
  headers,  ///< give it other headers; it is not tried for that
};

/// A message that a relay set aside.
struct ParkedMessage {
  std::int64_t position = 0;
  EventId id;
  PoisonPolicy policy = PoisonPolicy::park;
  std::string topic;
  std::string key;     ///< empty: none
  std::string reason;  ///< why it cannot be published; empty: it waits behind another of its key
  std::string dead_letter_topic;
  Timestamp parked_at;
  std::int32_t attempts = 0;  ///< to publish it after a decision
  std::string type;
  std::int64_t payload_bytes = 0;
  /// "published" or "skipped", and since when; nothing while it waits.
  std::string outcome;
  std::optional<Timestamp> done_at;

  struct Decision {
    std::string action;
    std::string by;
    Timestamp at;
    std::string reason;
  };
  std::optional<Decision> last_decision;
};

/// All of one message that was set aside.
struct ParkedContent {
  ParkedMessage message;
  ContentType content_type = ContentType::octet_stream;
  std::string payload;  ///< empty when it is done
  Timestamp occurred_at;
  std::string subject;  ///< stream of an event
  std::int64_t sequence = 0;
  std::string correlation_id;
  std::string causation_id;
  std::string traceparent;
  std::string tracestate;
  std::vector<std::pair<std::string, std::string>> headers;  ///< with which it would be published
  std::vector<ParkedMessage::Decision> decisions;            ///< all, oldest first
};

struct ParkedFilter {
  std::string relay = "relay";
  bool with_done = false;
  std::optional<std::string> topic = std::nullopt;
  std::optional<std::string> key = std::nullopt;
  std::size_t limit = 100;
};

/// In the order in which they were set aside: per key that of the log.
[[nodiscard]] std::vector<ParkedMessage> list_parked(postgres::Connection& connection, const postgres::MessageLog& log,
                                                     const ParkedFilter& filter);
/// Nothing when the relay set nothing aside at that position.
[[nodiscard]] std::optional<ParkedContent> find_parked(postgres::Connection& connection,
                                                       const postgres::MessageLog& log, const std::string& relay,
                                                       std::int64_t position);

struct ParkedDecision {
  std::string relay = "relay";
  std::int64_t position = 0;
  ParkedAction action = ParkedAction::retry;
  std::vector<std::pair<std::string, std::string>> headers = {};  ///< for ParkedAction::headers: all that it is to have
  std::string reason = {};                                        ///< required, at most 1 KiB
};

/// Records a decision, with who made it (session_user), when and why; the relay carries it out within a second or so, or at its
/// next start. May be called while the relay runs.
///
/// Throws Error{invalid} when nothing waits at the position, when the message merely waits behind another (decide about that
/// one), when another of its key comes first and nobody has decided about it, for headers of reserved names, and without a reason.
void decide_parked(postgres::Connection& connection, const postgres::MessageLog& log, const ParkedDecision& decision);

/// Has everything of a key that cannot be published tried again, in order, and with it what waits behind. Returns how many
/// decisions that were. Throws Error{invalid} when nothing of the key is parked, and without a reason.
std::int64_t release_parked(postgres::Connection& connection, const postgres::MessageLog& log, const std::string& relay,
                            const std::pair<std::string, std::string>& topic_and_key, const std::string& reason);

}  // namespace annals::outbox
