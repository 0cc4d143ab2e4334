#pragma once
#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <string_view>

namespace annals::kafka {

/// Settings of librdkafka under their own names, as a user writes them: {"bootstrap.servers", "kafka:9092"}.
///
/// Only what the allow-list names gets through. librdkafka has settings that load libraries, run shell commands or
/// replace the cluster by a mock that confirms everything; a configuration file must not be able to do that.
using Settings = std::map<std::string, std::string>;

enum class Client { producer, consumer, both };

/// One row of the allow-list.
struct AllowedSetting {
  std::string_view name;
  Client client = Client::both;
  std::string_view values =
      {};  ///< "a|b" when only some values keep the promises ("a*": what begins so); empty: librdkafka decides
  std::string_view reason = {};  ///< why the other values are refused
  bool secret = false;           ///< its value never appears in a message
};

/// The allow-list, sorted by name; for documentation and completion.
[[nodiscard]] std::span<const AllowedSetting> allowed_settings() noexcept;

/// Whether the value of a setting may be shown to nobody. Of an unknown one it may not: a misspelt sasl.password is a password all
/// the same.
[[nodiscard]] bool is_secret(std::string_view name) noexcept;

/// Throws Error{invalid} that names the first setting that `client` may not have, why, and for a misspelt name the
/// nearest allowed one; also when bootstrap.servers is missing. Values of secrets are never in the text. What
/// librdkafka itself thinks of a value comes out when the sink or source is made.
void require_valid(const Settings& settings, Client client);

/// Of a producer with these settings: it refuses a larger record (message.max.bytes).
[[nodiscard]] std::size_t message_bytes_max(const Settings& settings);

}  // namespace annals::kafka
