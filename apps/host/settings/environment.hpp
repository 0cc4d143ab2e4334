#pragma once
#include <map>
#include <string>

namespace annals::host {

/// All variables of the process.
[[nodiscard]] std::map<std::string, std::string> environment();

}  // namespace annals::host
