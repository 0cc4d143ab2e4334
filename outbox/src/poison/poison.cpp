#include "poison/poison.hpp"

#include <fmt/format.h>

#include "annals/core/error.hpp"
#include "annals/core/text.hpp"

namespace annals::outbox {
namespace {

constexpr auto usual_hint =
    "mend the cause (topic, permission, size limit) and start the relay again: it goes on with this message; to give "
    "the "
    "message up: `annals relay adopt NAME --position {}`";

}  // namespace

void throw_poison(const Poison& poison) {
  const auto destination = poison.topic.empty() ? std::string{} : fmt::format(" to \"{}\"", printable(poison.topic));
  throw invalid(fmt::format("message {} of type \"{}\" cannot be published{}: {}", poison.position,
                            printable(poison.type), destination, poison.reason),
                poison.hint.empty() ? fmt::format(usual_hint, poison.position) : poison.hint);
}

}  // namespace annals::outbox
