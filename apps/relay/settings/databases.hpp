#pragma once
#include <cstddef>
#include <functional>

#include "relay/settings/config_loader.hpp"
#include "relay/settings/toml_file.hpp"

namespace annals::relayd {

/// Most [[database]]s of one program: each costs the machine threads, sessions and memory (docs/relay.md, Many databases).
inline constexpr std::size_t databases_max = 64;

/// What makes the configuration of the database of this name from what the file says of it.
using LoadOne = std::function<LoadedConfig(const ConfigInputs&, FileContents, const std::string& name)>;

/// The configurations of all databases of `file`, of which there is one at least: what stands outside of [[database]] holds for each, but for
/// what the section says itself. Environment and flags hold for all, and win. Problems and warnings that all have are there once.
[[nodiscard]] LoadedConfig load_databases(const ConfigInputs& inputs, FileContents file, const LoadOne& load_one);

}  // namespace annals::relayd
