#include "annals/core/error.hpp"

#include <fmt/format.h>

namespace annals {
namespace {

std::string full_text(std::string_view message, std::string_view hint) {
  return hint.empty() ? std::string{message} : fmt::format("{}. Hint: {}", message, hint);
}

}  // namespace

std::string_view to_string(ErrorKind kind) noexcept {
  switch (kind) {
    case ErrorKind::invalid: return "invalid";
    case ErrorKind::not_ready: return "not_ready";
    case ErrorKind::refused: return "refused";
    case ErrorKind::failed: return "failed";
    case ErrorKind::overloaded: return "overloaded";
    case ErrorKind::disconnected: return "disconnected";
    case ErrorKind::in_doubt: return "in_doubt";
    case ErrorKind::corrupt: return "corrupt";
  }
  return "unknown";
}

Error::Error(ErrorKind kind, std::string_view message, Details details)
    : std::runtime_error(full_text(message, details.hint)),
      kind_(kind),
      message_(message),
      details_(std::move(details)) {}

bool Error::retryable() const noexcept {
  return details_.retryable || kind_ == ErrorKind::overloaded || kind_ == ErrorKind::disconnected;
}

Error invalid(std::string_view message, std::string_view hint) {
  return Error{ErrorKind::invalid, message, {.hint = std::string{hint}}};
}

}  // namespace annals
