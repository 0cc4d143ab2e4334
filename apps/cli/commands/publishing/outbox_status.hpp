#pragma once
#include "cli/invocation.hpp"

namespace annals::cli {

/// `annals outbox status`: how much there is and how old the oldest unpublished message is.
host::ExitCode show_outbox_status(Invocation& invocation);

}  // namespace annals::cli
