#pragma once
#include <optional>
#include <string>

namespace annals::host {

/// Where a program listens; port 0 is any free one.
struct Listen {
  std::string host = "127.0.0.1";
  int port = 9464;

  /// True for 127.0.0.0/8, ::1 and localhost.
  [[nodiscard]] bool is_loopback() const;
};
[[nodiscard]] std::string to_string(const Listen& listen);
/// "127.0.0.1:9464", "[::1]:9464" or "off", which is nothing. Throws Error{invalid}.
[[nodiscard]] std::optional<Listen> parse_listen(const std::string& text);

}  // namespace annals::host
