#include "cli/failure.hpp"

#include <fmt/format.h>

#include "annals/core/error.hpp"
#include "annals/core/text.hpp"
#include "host/process/stop_signals.hpp"
#include "host/text/offered_command.hpp"
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

/// Whether the server ended the statement, and with it what the statement had changed.
bool was_cancelled(const Error& error) { return error.sqlstate() == "57014"; }

bool is_unknown(const Error& error) {
  return error.kind() == ErrorKind::disconnected || error.kind() == ErrorKind::in_doubt;
}

}  // namespace

Failure no_such_stream(const std::string& name) {
  return {host::ExitCode::not_found, fmt::format("there is no stream \"{}\"", printable(name)),
          "`annals stream list --prefix …` shows the streams there are"};
}

Failure interrupted() {
  return {host::ExitCode::interrupted, "interrupted; nothing was changed", "repeat the command"};
}

void throw_interrupted() { throw interrupted(); }

void throw_if_stopped() {
  if (host::stop_requested()) throw_interrupted();
}

Failure interrupted_unknown(const std::string& why) {
  return {host::ExitCode::interrupted,
          fmt::format("interrupted: {}; what the command changes may have been changed, or may still be", why),
          "look at what it was to change before you repeat it"};
}

Failure to_failure(const Error& error) {
  if (host::stop_requested() && was_cancelled(error)) return interrupted();
  if (host::stop_requested() && is_unknown(error)) return interrupted_unknown(error.message());
  return {code_of(error), error.message(),
          error.hint().empty() ? "`annals doctor` looks for what may be wrong" : error.hint()};
}

Failure offered_for(std::string_view command_options, const Failure& failure) {
  return {failure.code(), failure.what(), host::with_options(failure.hint(), command_options)};
}

void print_failure(const Failure& failure) {
  const auto style = host::Style::for_stream(stderr);
  fmt::print(stderr, "{} {}\n", style.red("annals:"), host::shown(failure.what()));
  fmt::print(stderr, "{} {}\n", style.bold("hint:"), host::shown(failure.hint()));
}

}  // namespace annals::cli
