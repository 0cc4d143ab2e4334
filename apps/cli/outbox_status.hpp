#pragma once
#include "invocation.hpp"

namespace annals::cli {

/// `annals outbox status`: how much there is and how old the oldest unpublished message is.
ExitCode show_outbox_status(Invocation& invocation);

}  // namespace annals::cli
