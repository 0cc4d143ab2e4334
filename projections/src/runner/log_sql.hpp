#pragma once
#include <string>
#include <string_view>

namespace annals::projections {

/// A statement on the log of events, whose table is its owner's matter: fills {schema}, {relation} and {id}.
[[nodiscard]] std::string on_log(std::string_view sql, const std::string& schema);

}  // namespace annals::projections
