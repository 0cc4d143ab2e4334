#pragma once
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace annals {

/// UTC with PostgreSQL's resolution. Informational only: nothing in Annals is ordered by time.
using Timestamp = std::chrono::sys_time<std::chrono::microseconds>;

/// The first and last time that RFC 3339 can write and a column holds: years 1 to 9999.
inline constexpr Timestamp timestamp_min = std::chrono::sys_days{std::chrono::year{1} / 1 / 1};
inline constexpr Timestamp timestamp_max =
    std::chrono::sys_days{std::chrono::year{10000} / 1 / 1} - std::chrono::microseconds{1};

/// RFC 3339 in UTC, "2026-03-01T12:00:00Z" or "…00.25Z": as many digits of the second as are needed.
[[nodiscard]] std::string format_timestamp(Timestamp time);
/// Accepts RFC 3339 with 'Z' or an offset; digits below a microsecond are cut. Nothing for anything else.
[[nodiscard]] std::optional<Timestamp> parse_timestamp(std::string_view text) noexcept;

/// PostgreSQL's binary form: microseconds since 2000-01-01.
[[nodiscard]] constexpr Timestamp timestamp_from_postgres(std::int64_t microseconds) noexcept {
  return Timestamp{std::chrono::microseconds{microseconds + 946'684'800'000'000}};
}
[[nodiscard]] constexpr std::int64_t timestamp_to_postgres(Timestamp time) noexcept {
  return time.time_since_epoch().count() - 946'684'800'000'000;
}

}  // namespace annals
