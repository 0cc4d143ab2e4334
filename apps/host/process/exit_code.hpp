#pragma once
#include <initializer_list>
#include <string>

namespace annals::host {

/// How the programs end: one number, one meaning, whichever program it is. Scripts and unit files rely on the numbers:
/// never renumber. Each program's --help and page of docs shows those that it uses.
enum class ExitCode {
  ok = 0,
  failed = 1,         ///< a bug, or a machine that cannot go on
  usage = 2,          ///< bad command line, configuration or input
  unavailable = 3,    ///< database or sink away, busy or not prepared
  conflict = 4,       ///< the stream is not at the expected version
  check_failed = 5,   ///< the database is not what it must be
  not_found = 6,      ///< what was named does not exist
  halted = 7,         ///< a message can never be delivered or has no route
  in_flight = 8,      ///< stopped with messages in flight: they are sent again at the next start
  interrupted = 130,  ///< ended by SIGINT or SIGTERM before it was done
};

/// The more serious one decides when several parts of a program end.
[[nodiscard]] ExitCode worse(ExitCode a, ExitCode b) noexcept;
/// For --help, one line a code: "  4  conflict: …".
[[nodiscard]] std::string exit_code_table(std::initializer_list<ExitCode> codes);

}  // namespace annals::host
