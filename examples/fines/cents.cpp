#include "fines/cents.hpp"

#include <charconv>

namespace fines {
namespace {

/// More digits than this could overflow; nobody is fined that much.
constexpr std::size_t digits_max = 15;

std::optional<Cents> parse_digits(std::string_view digits) noexcept {
  Cents value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  if (digits.front() == '-') return std::nullopt;  // the sign was taken off before
  return value;
}

}  // namespace

std::optional<Cents> parse_cents(std::string_view text) noexcept {
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  const auto point = text.find('.');
  const auto whole = text.substr(0, point);
  const auto fraction = point == std::string_view::npos ? "0" : text.substr(point + 1);
  if (whole.empty() || whole.size() > digits_max || fraction.empty() || fraction.size() > 2) return std::nullopt;
  const auto units = parse_digits(whole);
  const auto parts = parse_digits(fraction);
  if (!units || !parts) return std::nullopt;
  const auto amount = *units * 100 + *parts * (fraction.size() == 1 ? 10 : 1);
  return negative ? -amount : amount;
}

std::string format_cents(Cents amount) {
  const auto digits = std::to_string(amount < 0 ? -amount : amount);
  const auto padded = digits.size() < 3 ? std::string(3 - digits.size(), '0') + digits : digits;
  return (amount < 0 ? "-" : "") + padded.substr(0, padded.size() - 2) + "." + padded.substr(padded.size() - 2);
}

}  // namespace fines
