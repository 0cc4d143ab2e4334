#pragma once
#include <string>

namespace annals::eventstore {

/// The hint for an event of an unknown stream: what to find out, and the command that makes readers go on.
[[nodiscard]] std::string orphan_remedy(const std::string& schema);

}  // namespace annals::eventstore
