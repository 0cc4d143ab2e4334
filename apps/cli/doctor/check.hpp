#pragma once
#include <string>
#include <vector>

#include "annals/postgres/connection.hpp"

namespace annals::cli {

enum class Level { ok, warn, fail };

/// What one check of `annals doctor` found.
struct Check {
  std::string name;  ///< stable: scripts select by it
  Level level = Level::ok;
  std::string detail;
  std::string remedy = {};  ///< empty when ok
};

using Checks = std::vector<Check>;

/// The server itself: version, clock, settings that durability hangs on.
void check_server(postgres::Connection& connection, Checks& checks);
/// Other people's transactions: what holds readers of the log back, what was left behind.
void check_sessions(postgres::Connection& connection, Checks& checks);
/// Who may do what: programs that own what they only use, and strangers who may put functions in the way.
void check_roles(postgres::Connection& connection, Checks& checks);
/// The tables: schema steps, triggers, sequences. Returns false when there is no schema to look at.
bool check_schema(postgres::Connection& connection, Checks& checks);
/// The end of both logs: what no append can have left.
void check_log(postgres::Connection& connection, Checks& checks);
/// Relays: lag, owner, and whether their checkpoints belong to this cluster.
void check_relays(postgres::Connection& connection, Checks& checks);
/// Projections: the same.
void check_projections(postgres::Connection& connection, Checks& checks);

}  // namespace annals::cli
