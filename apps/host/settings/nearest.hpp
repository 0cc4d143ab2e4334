#pragma once
#include <string_view>
#include <vector>

namespace annals::host {

/// Of `names` the one that `name` was probably meant to be, for "did you mean …?"; empty when none is near.
[[nodiscard]] std::string_view nearest(std::string_view name, const std::vector<std::string_view>& names);

}  // namespace annals::host
