#pragma once
#include <cstdint>
#include <string>

#include "annals/core/error.hpp"
#include "annals/outbox/message_source.hpp"
#include "log/log_name.hpp"

namespace annals::outbox {

/// What is known of a message that stops its relay.
struct Poison {
  std::int64_t ticket = 0;
  MessageSource::Place place;
  std::string topic = {};  ///< empty when there is none: an event without route
  std::string key = {};    ///< empty when there is none, or the message cannot be read any more
  std::string type = {};   ///< empty when the message cannot be read any more
  std::string reason = {};
  std::string hint = {};  ///< how to mend the cause; empty: the usual causes
};

/// A message that is not sent because of itself: `invalid` is what is wrong with it in any hands, `refused` in these.
[[nodiscard]] bool is_refusal(const Error& error) noexcept;

/// Throws Error{refused} that names all of it, and the command that passes over this one message.
[[noreturn]] void throw_poison(const Poison& poison, const std::string& relay, const LogName& log);

}  // namespace annals::outbox
