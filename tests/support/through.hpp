#pragma once
#include <fmt/format.h>

#include <string>

#include "annals/postgres/connection.hpp"
#include "support/tcp_proxy.hpp"

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

}  // namespace annals::tests
