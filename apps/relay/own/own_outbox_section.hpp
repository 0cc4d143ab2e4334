#pragma once
#include <toml++/toml.h>

#include <string>

#include "relay/own/own_outbox.hpp"
#include "relay/settings/encoding_section.hpp"

namespace annals::relayd {

/// What an [[own_outbox]] says; what is at fault is left out. relay.example.toml explains the names.
[[nodiscard]] OwnOutbox read_own_outbox(const toml::table& table, const Objector& object);

/// The table and what is taken from where, for the configuration's print.
[[nodiscard]] std::string to_string(const OwnOutbox& own);

}  // namespace annals::relayd
