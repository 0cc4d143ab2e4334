#include "cli/failure.hpp"

#include <fmt/format.h>

#include "annals/core/error.hpp"
#include "annals/core/text.hpp"
#include "host/process/stop_signals.hpp"
#include "host/text/shown.hpp"
#include "host/text/terminal.hpp"

namespace annals::cli {
namespace {

host::ExitCode code_of(const Error& error) {
  switch (error.kind()) {
    case ErrorKind::invalid: return host::ExitCode::usage;
    case ErrorKind::not_ready:
    case ErrorKind::overloaded:
    case ErrorKind::disconnected: return host::ExitCode::unavailable;
    case ErrorKind::corrupt: return host::ExitCode::check_failed;
    case ErrorKind::refused:
    case ErrorKind::failed:
    case ErrorKind::in_doubt: break;
  }
  return host::ExitCode::failed;
}

}  // namespace

Failure no_such_stream(const std::string& name) {
  return {host::ExitCode::not_found, fmt::format("there is no stream \"{}\"", printable(name)),
          "`annals stream list --prefix …` shows the streams there are"};
}

void throw_interrupted() {
  throw Failure{host::ExitCode::interrupted, "interrupted; nothing was changed", "repeat the command"};
}

void throw_if_stopped() {
  if (host::stop_requested()) throw_interrupted();
}

Failure to_failure(const Error& error) {
  return {code_of(error), error.message(),
          error.hint().empty() ? "`annals doctor` looks for what may be wrong" : error.hint()};
}

void print_failure(const Failure& failure) {
  const auto style = host::Style::for_stream(stderr);
  fmt::print(stderr, "{} {}\n", style.red("annals:"), host::shown(failure.what()));
  fmt::print(stderr, "{} {}\n", style.bold("hint:"), host::shown(failure.hint()));
}

}  // namespace annals::cli
