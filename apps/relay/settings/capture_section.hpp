#pragma once
#include <toml++/toml.h>

#include <string>

#include "annals/outbox/capture.hpp"
#include "relay/settings/encoding_section.hpp"

namespace annals::relayd {

/// What a [[capture]] says; what is at fault is left out. relay.example.toml explains the names.
[[nodiscard]] outbox::Capture read_capture(const toml::table& table, const Objector& object);

/// The capture in short, for the configuration's print.
[[nodiscard]] std::string to_string(const outbox::Capture& capture);

}  // namespace annals::relayd
