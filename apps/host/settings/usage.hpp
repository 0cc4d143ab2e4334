#pragma once
#include <string>

namespace CLI {  // NOLINT(readability-identifier-naming): CLI11 calls it so
class App;
}

namespace annals::host {

/// The deepest command that was named on the command line: "annals stream show".
[[nodiscard]] std::string command_path(const CLI::App& app);

/// "annals stream shwo", where the word stands in place of a command that is due; empty when nothing of the kind is there.
[[nodiscard]] std::string unknown_command(const CLI::App& app);

/// "did you mean --limit?" for the first word that was not understood; empty when it is near to nothing, or none is there.
[[nodiscard]] std::string meant(const CLI::App& app);
/// The same for a word that is not understood where it stands. Behind a command --version is none of the program's.
[[nodiscard]] std::string meant(const CLI::App& app, const std::string& word);

}  // namespace annals::host
