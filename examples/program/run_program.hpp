#pragma once
#include <CLI/CLI.hpp>

namespace example {

/// Parses, runs the chosen subcommand's callback, and turns exceptions into a message, a hint and an exit status: 2 for a
/// command line that is not understood, 1 for what failed, and what a callback threw as CLI::RuntimeError.
[[nodiscard]] int run_program(CLI::App& app, int argc, char** argv);

}  // namespace example
