#pragma once
#include "cli/invocation.hpp"

namespace annals::cli {

/// `annals doctor`: one line a check; ExitCode::check_failed when one fails. Changes nothing.
host::ExitCode run_doctor(Invocation& invocation);

}  // namespace annals::cli
