#include "cli/screen/age.hpp"

#include <fmt/format.h>

namespace annals::cli {

std::string format_age(std::chrono::milliseconds age) {
  const auto seconds = age.count() / 1000;
  if (seconds < 10) return fmt::format("{:.1f} s", static_cast<double>(age.count()) / 1000);
  if (seconds < 60) return fmt::format("{} s", seconds);
  if (seconds < 3600) return fmt::format("{} min {} s", seconds / 60, seconds % 60);
  if (seconds < 86400) return fmt::format("{} h {} min", seconds / 3600, seconds / 60 % 60);
  return fmt::format("{} d {} h", seconds / 86400, seconds / 3600 % 24);
}

Cell age_cell(std::optional<std::chrono::milliseconds> age) {
  if (!age) return no_value();
  return {format_age(*age), std::to_string(age->count())};
}

}  // namespace annals::cli
