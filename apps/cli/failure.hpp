#pragma once
#include <stdexcept>
#include <string>
#include <string_view>

#include "host/process/exit_code.hpp"

namespace annals {
class Error;
}

namespace annals::cli {

/// Why a command cannot go on: ends the program with `code`, the message and the hint, which none is without, on standard
/// error.
class Failure : public std::runtime_error {
 public:
  Failure(host::ExitCode code, const std::string& message, std::string hint)
      : std::runtime_error(message), code_(code), hint_(std::move(hint)) {}

  [[nodiscard]] host::ExitCode code() const noexcept { return code_; }
  [[nodiscard]] const std::string& hint() const noexcept { return hint_; }

 private:
  host::ExitCode code_;
  std::string hint_;
};

/// Whoever read our output has gone, as in `annals all tail | head`: the program ends quietly.
struct BrokenPipe {};

/// That a stream which was named is not there.
[[nodiscard]] Failure no_such_stream(const std::string& name);

/// Of a command that was told to stop when nobody knows what of it was done, and why.
[[nodiscard]] Failure interrupted_unknown(const std::string& why);

/// Of a command that was told to stop before it was done, and changed nothing.
[[nodiscard]] Failure interrupted();
[[noreturn]] void throw_interrupted();
/// The same when a signal has asked for it.
void throw_if_stopped();

/// The failure that a library's error means for the user of the program.
[[nodiscard]] Failure to_failure(const Error& error);

/// The same, with these options in the commands that its hint offers: see host::with_options().
[[nodiscard]] Failure offered_for(std::string_view command_options, const Failure& failure);

/// "annals: message" and "hint: …", in red and dim on a terminal.
void print_failure(const Failure& failure);

}  // namespace annals::cli
