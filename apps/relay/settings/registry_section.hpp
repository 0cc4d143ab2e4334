#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "relay/registry/registry_options.hpp"

namespace annals::relayd {

/// http:// or https://, without a user, a query or a fragment; without the slash at its end. Throws Error{invalid}.
[[nodiscard]] std::string parse_http_url(std::string text);
/// The same of several, comma-separated.
[[nodiscard]] std::vector<std::string> parse_http_urls(const std::string& text);
/// What goes there can be read on the way: http to another machine.
[[nodiscard]] bool travels_in_clear(std::string_view url);

/// latest, file or register. Throws Error{invalid}.
[[nodiscard]] SchemaChoice parse_schema_choice(const std::string& text);
[[nodiscard]] std::string_view to_string(SchemaChoice choice) noexcept;

}  // namespace annals::relayd
