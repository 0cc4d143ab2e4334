#pragma once
#include <string>

#include "relay/settings/config_loader.hpp"

namespace annals::relayd {

/// Every setting with its effective value and origin, secrets left out.
[[nodiscard]] std::string print_config(const LoadedConfig& loaded);

}  // namespace annals::relayd
