#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "admission/topic_rules.hpp"
#include "annals/core/event_id.hpp"
#include "annals/outbox/claim.hpp"
#include "annals/outbox/message.hpp"
#include "annals/postgres/message_log.hpp"

namespace annals {
class Clock;
}
namespace annals::postgres {
class Connection;
}

namespace annals::outbox {

/// Has messages that are too large leave as a claim. The payload is on disk before anybody is told of the claim: whoever is killed
/// in between leaves a claim that nobody has heard of, and a repetition finds that one again.
///
/// Thread safety  none. Ownership: borrows the connection, which is in no transaction, the log and the clock. Errors: those of Connection.
class ClaimCheck {
 public:
  /// Throws Error{invalid}: see require_valid().
  ClaimCheck(postgres::Connection& connection, const postgres::MessageLog& log, const std::vector<ClaimRule>& rules,
             const Clock& clock);

  /// From more bytes of its record on the message is too large; nothing for one that is not worth measuring.
  [[nodiscard]] std::optional<std::size_t> limit_of(const MessageView& message) const;
  /// The message with a claim for its payload; its texts hold until the next call. The same message again, within a
  /// minute, costs nothing.
  [[nodiscard]] const MessageView& claimed(const MessageView& message);

  struct Sums {
    std::size_t messages = 0;
    std::uint64_t bytes = 0;  ///< of their payloads
  };
  /// Of all claims that were made or found again since the last call.
  [[nodiscard]] Sums take_sums() noexcept { return std::exchange(sums_, {}); }

 private:
  [[nodiscard]] std::string make(const MessageView& message);

  postgres::Connection& connection_;
  const postgres::MessageLog& log_;
  const Clock& clock_;
  TopicRules<ClaimRule> rules_;
  std::pair<std::int64_t, EventId> last_;  // whose claim reference_ is
  std::string reference_;
  std::chrono::steady_clock::time_point looked_at_;
  std::string stub_;
  MessageView view_;
  Sums sums_;
};

}  // namespace annals::outbox
