#pragma once
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "host/text/secrets.hpp"
#include "relay/settings/config.hpp"

namespace annals::relayd {

/// Where the configuration comes from; later members win.
struct ConfigInputs {
  std::string file;                                        ///< path; empty: none
  std::map<std::string, std::string> environment;          ///< of the process
  std::vector<std::pair<std::string, std::string>> flags;  ///< key of the setting, text
};

/// Key of each setting that is not the default: where it came from.
using Origins = std::map<std::string, std::string>;

/// What holds for one database: of those of [[database]], or the only one.
struct LoadedDatabase {
  Config config;
  Origins origins;
};

struct LoadedConfig {
  Config config;    ///< of the first database; what is_of_the_program() is the same in all
  Origins origins;  ///< of that
  std::vector<LoadedDatabase> databases;
  std::vector<std::string> problems;  ///< not empty: the config must not be used
  std::vector<std::string> warnings;
  host::Secrets secrets;  ///< to be kept out of every output
};

/// Reads the file and the files it names, applies environment and flags, and checks everything that can be checked
/// without a database or broker. Throws nothing; no secret is in problems or warnings.
[[nodiscard]] LoadedConfig load_config(const ConfigInputs& inputs);

}  // namespace annals::relayd
