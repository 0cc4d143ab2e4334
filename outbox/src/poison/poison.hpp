#pragma once
#include <cstdint>
#include <string>

namespace annals::outbox {

/// What is known of a message that stops its relay.
struct Poison {
  std::int64_t position = 0;
  std::string topic;  ///< empty when there is none: an event without route
  std::string type;
  std::string reason;
  std::string hint;  ///< empty: mend the cause or give the message up
};

/// Throws Error{invalid} that names all of it.
[[noreturn]] void throw_poison(const Poison& poison);

}  // namespace annals::outbox
