#pragma once
#include <chrono>
#include <optional>
#include <string>

#include "cli/screen/report.hpp"

namespace annals::cli {

/// "0.4 s", "12 s", "3 min 20 s", "5 h 3 min", "2 d 4 h".
[[nodiscard]] std::string format_age(std::chrono::milliseconds age);
/// People see format_age(), programs the milliseconds.
[[nodiscard]] Cell age_cell(std::optional<std::chrono::milliseconds> age);

}  // namespace annals::cli
