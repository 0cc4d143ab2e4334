#pragma once
#include <string>
#include <string_view>

namespace annals::host {

// Remedies name commands of annals by what they do. For which database they are is known to who shows them.

/// Options that a command of annals needs for one database of annals-relay's configuration; without a name there is only one in it, and
/// without a file none are needed.
[[nodiscard]] std::string database_options(std::string_view config_file, std::string_view name);

/// `text` with these options in each command of annals that it offers: "see `annals relay status`" becomes
/// "see `annals --config relay.toml relay status`".
[[nodiscard]] std::string with_options(std::string_view text, std::string_view options);

}  // namespace annals::host
