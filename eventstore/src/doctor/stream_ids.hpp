#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "annals/eventstore/log_check.hpp"

namespace annals::eventstore {

/// Compares the ids that are taken with what their sequence gave out.
[[nodiscard]] std::optional<LogFinding> check_stream_ids(postgres::Connection& connection, const std::string& schema);

/// Moves the sequence past every id that is taken, so that no stream is given one of them.
void pass_taken_stream_ids(postgres::Connection& connection, const std::string& schema);

}  // namespace annals::eventstore
