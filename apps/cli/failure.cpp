#include "failure.hpp"

#include <fmt/format.h>

#include "annals/core/error.hpp"
#include "terminal.hpp"

namespace annals::cli {
namespace {

ExitCode code_of(const Error& error) {
  switch (error.kind()) {
    case ErrorKind::invalid: return ExitCode::usage;
    case ErrorKind::not_ready:
    case ErrorKind::overloaded:
    case ErrorKind::disconnected: return ExitCode::unavailable;
    case ErrorKind::corrupt: return ExitCode::check_failed;
    case ErrorKind::refused:
    case ErrorKind::failed:
    case ErrorKind::in_doubt: break;
  }
  return ExitCode::failed;
}

}  // namespace

Failure to_failure(const Error& error) { return {code_of(error), error.message(), error.hint()}; }

void print_failure(const Failure& failure) {
  const auto style = Style::for_stream(stderr);
  fmt::print(stderr, "{} {}\n", style.red("annals:"), failure.what());
  if (!failure.hint().empty()) fmt::print(stderr, "{} {}\n", style.bold("hint:"), failure.hint());
}

}  // namespace annals::cli
