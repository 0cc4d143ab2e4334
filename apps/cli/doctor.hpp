#pragma once
#include "invocation.hpp"

namespace annals::cli {

/// `annals doctor`: one line a check; ExitCode::check_failed when one fails. Changes nothing.
ExitCode run_doctor(Invocation& invocation);

}  // namespace annals::cli
