#pragma once
#include <fmt/format.h>

#include <string>

#include "annals/postgres/connection.hpp"
#include "support/tcp_proxy.hpp"
#include "support/temp_database.hpp"

namespace annals::tests {

/// The port of the session's server, for a TcpProxy before it.
inline int server_port(postgres::Connection& session) {
  return std::stoi(session.query("SELECT current_setting('port')").text(0, 0));
}

/// The database by a network of the test's own; its conninfo is that of a TempDatabase by TCP.
inline postgres::Database through(postgres::Database database, const TcpProxy& network) {
  database.conninfo += fmt::format("?host=127.0.0.1&port={}", network.port());
  return database;
}

/// The same as a URI for a program: as the superuser, who alone has a password by TCP.
inline std::string uri_through(const TcpProxy& network, const std::string& database) {
  const auto server = required_env("ANNALS_DATABASE_TCP");
  return fmt::format("{}/{}?host=127.0.0.1&port={}", server.substr(0, server.rfind('/')), database, network.port());
}

}  // namespace annals::tests
