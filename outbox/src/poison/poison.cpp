#include "poison/poison.hpp"

#include <fmt/format.h>

#include "annals/core/error.hpp"
#include "annals/core/text.hpp"

namespace annals::outbox {
namespace {

constexpr auto usual_remedy = "mend the cause (topic, permission, size limit)";

}  // namespace

bool is_refusal(const Error& error) noexcept {
  return error.kind() == ErrorKind::refused || error.kind() == ErrorKind::invalid;
}

void throw_poison(const Poison& poison, const std::string& relay, const LogName& log) {
  const auto type = poison.type.empty() ? std::string{} : fmt::format(" of type \"{}\"", printable(poison.type));
  const auto topic = poison.topic.empty() ? std::string{} : fmt::format(" to \"{}\"", printable(poison.topic));
  throw Error{ErrorKind::refused,
              fmt::format("message {} ({}) of {}{} cannot be published{}: {}", poison.place.position,
                          poison.place.id.to_string(), log.name, type, topic, poison.reason),
              {.hint = fmt::format("{}, and start the relay again: it goes on with this message; or give this one "
                                   "message up: `{}`",
                                   poison.hint.empty() ? usual_remedy : poison.hint,
                                   skip_command(relay, log, poison.place.position, poison.place.id))}};
}

}  // namespace annals::outbox
