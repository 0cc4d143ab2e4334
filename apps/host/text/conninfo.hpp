#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace annals::host {

/// The password in a libpq connection string, as written and as meant; empty when there is none or the string is not
/// understood.
[[nodiscard]] std::vector<std::string> passwords_in(const std::string& conninfo);

/// Which server and which of its databases a session would be opened with, to tell two strings that mean the same; a server that has two
/// names counts as two.
[[nodiscard]] std::string server_and_database(const std::string& conninfo);

/// Of a host, or of several: "a,b". All are this machine: loopback, or a socket's folder.
[[nodiscard]] bool is_local(std::string_view hosts);

/// True when the database is on another machine and nothing demands TLS: neither the string nor a service file nor the
/// environment. False for what libpq refuses.
[[nodiscard]] bool may_travel_in_clear(const std::string& conninfo);

}  // namespace annals::host
