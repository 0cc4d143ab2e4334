#pragma once
#include <string>

#include "support/run_victim.hpp"

namespace annals::tests {

/// Runs the projections' victim; true when it was killed, false when it ended well.
inline bool run_victim(const std::string& what, const std::string& database, const std::string& point, int count) {
  return run_victim({ANNALS_PROJECTIONS_VICTIM, what, database, point, std::to_string(count)});
}

}  // namespace annals::tests
