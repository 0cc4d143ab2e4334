#pragma once
#include "host/process/exit_code.hpp"

namespace annals::cli {

/// Parses the command line and runs the command it names. Reports every failure on standard error; throws nothing.
[[nodiscard]] host::ExitCode run(int argc, char** argv) noexcept;

}  // namespace annals::cli
