#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace fines {

/// Money as a whole number of cents: exact, which a binary fraction is not.
using Cents = std::int64_t;

/// "35", "35.0", "-71.50": at most two decimals. Nothing for anything else, or when it does not fit.
[[nodiscard]] std::optional<Cents> parse_cents(std::string_view text) noexcept;
/// Always with two decimals: "71.50".
[[nodiscard]] std::string format_cents(Cents amount);

}  // namespace fines
