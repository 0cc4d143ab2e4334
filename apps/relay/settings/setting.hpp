#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "relay/settings/config.hpp"

namespace annals::relayd {

enum class ValueKind { text, integer, boolean, list };

/// One member of Config under the name it has in the file ("relay.name"), the environment and on the command line. The
/// table of these is the only place that knows all three. By one rule: relay.batch_rows_max is ANNALS_RELAY_BATCH_ROWS_MAX and
/// --batch-rows-max; sections are dropped, except kafka, log, registry and tracing. What `annals` takes, too, is called as it is there.
struct Setting {
  std::string_view key;
  std::string_view env;
  std::string_view flag;
  ValueKind kind;
  std::string_view help;
  /// Throws Error{invalid} without naming the key; lists come comma-separated.
  void (*set)(Config& config, const std::string& text);
  /// Without secrets.
  std::string (*show)(const Config& config);
};

/// Adds a route that can hold; throws Error{invalid} when it cannot.
void add_route(std::vector<outbox::Route>& routes, outbox::Route route);

[[nodiscard]] std::span<const Setting> all_settings();
/// Whether what this section says holds for the program as a whole, and cannot differ between databases.
[[nodiscard]] bool is_of_the_program(std::string_view section) noexcept;
/// Null when there is none.
[[nodiscard]] const Setting* find_setting(std::string_view key);
[[nodiscard]] std::string_view to_string(ValueKind kind) noexcept;

}  // namespace annals::relayd
