#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "annals/core/event_id.hpp"
#include "annals/postgres/message_log.hpp"

namespace annals::outbox {

/// As which log commands and messages name one. A plain value: whoever has it knows no table.
struct LogName {
  std::string name;    ///< "outbox"
  std::string schema;  ///< a plain identifier
};

[[nodiscard]] LogName name_of(const postgres::MessageLog& log);
/// Name of the lock that a relay owns while it publishes.
[[nodiscard]] std::string lock_name_of(const postgres::MessageLog& log, std::string_view relay);

/// Commands for hints, to be pasted into a shell as they are.
[[nodiscard]] std::string adopt_command(std::string_view relay, const LogName& log, std::int64_t position);
[[nodiscard]] std::string repair_command(std::string_view relay, const LogName& log);
[[nodiscard]] std::string forget_command(std::string_view relay, const LogName& log);
[[nodiscard]] std::string skip_command(std::string_view relay, const LogName& log, std::int64_t position,
                                       const EventId& id);

}  // namespace annals::outbox
