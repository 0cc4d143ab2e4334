#pragma once
#include "annals/postgres/connection.hpp"
#include "cli/screen/checks.hpp"

namespace annals::cli {

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
/// The outbox's partitions: whether writers have room, and what keeps those that should have gone.
void check_retention(postgres::Connection& connection, Checks& checks);
/// What is emitted past the outbox's table: whether the slots are there that have it.
void check_emission(postgres::Connection& connection, Checks& checks);
/// Projections: the same.
void check_projections(postgres::Connection& connection, Checks& checks);

}  // namespace annals::cli
