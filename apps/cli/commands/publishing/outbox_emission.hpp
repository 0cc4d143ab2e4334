#pragma once
#include <string>

#include "cli/invocation.hpp"

namespace annals::cli {

struct Emission {
  std::string change;    ///< "on", "off", or empty: as it is
  bool give_up = false;  ///< with off: what was emitted and is not published is lost
};
/// `annals outbox emission`: whether messages may be written into the write-ahead log alone, and the slots that must have them.
host::ExitCode set_emission(Invocation& invocation, const Emission& options);

}  // namespace annals::cli
