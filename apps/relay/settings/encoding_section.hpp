#pragma once
#include <toml++/toml.h>

#include <functional>
#include <string>
#include <string_view>

#include "annals/kafka/encoding.hpp"

namespace annals::relayd {

/// Told of each fault in a section: where it is, what is wrong, and how to mend it.
using Objector = std::function<void(const toml::source_region& where, std::string_view what, std::string_view hint)>;

/// What an [[encoding]] says; what is at fault is left out. relay.example.toml explains the names.
[[nodiscard]] kafka::EncodingRule read_encoding(const toml::table& table, const Objector& object);

/// The rule in short, for the configuration's print.
[[nodiscard]] std::string to_string(const kafka::EncodingRule& rule);
/// Whether partitions of any topic are chosen by what shards are divided by.
[[nodiscard]] bool any_by_shard(const kafka::EncodingRules& rules);

}  // namespace annals::relayd
