#include "wal/wal_slot.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "annals/core/error.hpp"
#include "annals/core/text.hpp"
#include "annals/core/text/stable_hash.hpp"
#include "annals/postgres/connection.hpp"
#include "annals/postgres/sql_text.hpp"
#include "annals_outbox_sql.hpp"
#include "log/log_name.hpp"

namespace annals::outbox {

using postgres::Lsn;
using postgres::Params;

namespace {

constexpr std::string_view plugin_name = "pgoutput";

/// What a slot's name may have of `text`, for people: the hash is what tells it from others.
std::string plain(std::string_view text, std::size_t most) {
  std::string out;
  for (const char c : text.substr(0, most)) {
    const bool upper = c >= 'A' && c <= 'Z';
    const bool allowed = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    out += upper ? static_cast<char>(c - 'A' + 'a') : allowed ? c : '_';
  }
  return out;
}

Lsn lsn_of(std::int64_t value) { return {static_cast<std::uint64_t>(value)}; }

/// What else can be done; nothing for a log that is in no table.
std::string_view otherwise(const postgres::MessageLog& log) {
  return log.relation.empty() ? "" : "; or relay from the table: source = \"table\"";
}

Error not_ready(const std::string& message, const std::string& hint) {
  return Error{ErrorKind::not_ready, message, {.hint = hint}};
}

}  // namespace

std::string wal_slot_name(const postgres::MessageLog& log, std::string_view relay, std::string_view database) {
  StableHash hash;
  for (const auto part : {database, std::string_view{log.schema}, std::string_view{log.name}, relay}) {
    hash.add(part).add_byte(0xFF);  // which no text has
  }
  return fmt::format("{}_{}_{}_{:08x}", plain(log.schema, 16), plain(log.name, 8), plain(relay, 16), hash.folded());
}

std::string wal_slot_name(postgres::Connection& connection, const postgres::MessageLog& log, std::string_view relay) {
  return wal_slot_name(log, relay, connection.query("SELECT pg_catalog.current_database()::text").text(0, 0));
}

std::optional<SlotFacts> find_slot(postgres::Connection& connection, std::string_view name) {
  const auto row = connection.query(std::string{sql::wal_slot}, Params{}.text(name));
  if (row.empty()) return std::nullopt;
  return SlotFacts{.plugin = row.text(0, 0),
                   .database = row.text(0, 1),
                   .active = row.boolean(0, 2),
                   .confirmed = lsn_of(row.bigint(0, 3)),
                   .wal_status = row.text(0, 4),
                   .retained_bytes = row.bigint(0, 5)};
}

std::string begin_anew_remedy(const postgres::MessageLog& log, std::string_view relay, std::string_view slot) {
  const auto drop = slot.empty() ? "" : fmt::format("SELECT pg_drop_replication_slot('{}'); then ", slot);
  return fmt::format(
      "what changed meanwhile is not in the log any more, and in no table. To begin anew: {}`{}`, and the next start "
      "begins with what changes from then on: consumers load the tables anew",
      drop, forget_command(relay, name_of(log)));
}

WalSlot::WalSlot(postgres::Connection& connection, const postgres::MessageLog& log, std::string relay)
    : connection_(connection), log_(log), relay_(std::move(relay)) {}

WalSlot::Opened WalSlot::open() {
  if (const auto found = find()) return *found;
  return {.confirmed = create(), .created = true};
}

std::optional<WalSlot::Opened> WalSlot::find() {
  require_server();
  name_ = wal_slot_name(log_, relay_, database_);
  const auto slot = find_slot(connection_, name_);
  if (!slot) return std::nullopt;
  require_readable(*slot);
  return Opened{.confirmed = slot->confirmed};
}

WalSlot::Opened WalSlot::open_anew() {
  try {
    return open();
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::not_ready || !drop_lost()) throw;
  }
  return open();
}

/// False when there is none that is lost, of this relay, and read by nobody.
bool WalSlot::drop_lost() {
  return !connection_.query(std::string{sql::wal_slot_drop_lost}, Params{}.text(name_).text(database_)).empty();
}

void WalSlot::require_server() {
  const auto table = log_.relation.substr(log_.relation.find('.') + 1);
  const auto row =
      connection_.query(std::string{sql::wal_server}, Params{}.text(log_.schema).text(table).text(log_.publication));
  database_ = row.text(0, 1);
  if (row.bytes(0, 0) != "logical") {
    throw not_ready(
        fmt::format("the server's wal_level is {}: its log cannot be mined", row.bytes(0, 0)),
        fmt::format("set wal_level = logical in postgresql.conf and restart the server{}", otherwise(log_)));
  }
  if (!row.boolean(0, 3)) {
    throw not_ready(fmt::format("role \"{}\" may not read the write-ahead log", row.text(0, 2)),
                    fmt::format("as a superuser: ALTER ROLE {} REPLICATION{}", row.text(0, 2), otherwise(log_)));
  }
  if (log_.relation.empty()) return;  // whoever reads it looks after its publication, and takes values as text
  if (connection_.server_version() < mined_version_min) {
    throw not_ready("the server is older than PostgreSQL 14: its log does not give rows as they are read",
                    fmt::format("upgrade it to PostgreSQL 14 or later{}", otherwise(log_)));
  }
  if (!row.boolean(0, 4)) {
    throw not_ready(
        fmt::format("there is no publication \"{}\"", log_.publication),
        fmt::format("as the owner of the schema: CREATE PUBLICATION {} FOR TABLE {} WITH (publish = 'insert', "
                    "publish_via_partition_root = true)",
                    log_.publication, log_.relation));
  }
  if (!row.boolean(0, 5)) {
    throw not_ready(fmt::format("publication \"{}\" does not have all inserts of {}", log_.publication, log_.relation),
                    fmt::format("as its owner: ALTER PUBLICATION {0} SET TABLE {1}; ALTER PUBLICATION {0} SET "
                                "(publish = 'insert', publish_via_partition_root = true)",
                                log_.publication, log_.relation));
  }
}

void WalSlot::require_readable(const SlotFacts& slot) const {
  if (slot.plugin != plugin_name || slot.database != database_) {
    throw not_ready(
        fmt::format("slot \"{}\" is of plugin {} and database {}: it is not this relay's", name_,
                    printable(slot.plugin), printable(slot.database)),
        fmt::format("find out whose it is; when nobody needs it: SELECT pg_drop_replication_slot('{}')", name_));
  }
  if (slot.is_lost()) require_table();
}

/// Of a slot that is lost.
void WalSlot::require_table() const {
  const auto lost =
      fmt::format("slot \"{}\" is lost: the server removed the log that it needs (max_slot_wal_keep_size)", name_);
  // No waiting brings it back.
  if (log_.relation.empty()) {
    throw Error{ErrorKind::corrupt, lost, {.hint = begin_anew_remedy(log_, relay_, name_)}};
  }
  throw not_ready(lost,
                  fmt::format("SELECT pg_drop_replication_slot('{}'): the relay makes a new one, and reads from the "
                              "table what is not published",
                              name_));
}

Lsn WalSlot::create() {
  const auto create = connection_.server_version() >= 17'00'00 ? sql::wal_slot_create_failover : sql::wal_slot_create;
  try {
    return lsn_of(connection_.query(std::string{create}, Params{}.text(name_)).bigint(0, 0));
  } catch (const Error& error) {
    if (error.sqlstate() == "53400") {
      throw Error{
          ErrorKind::overloaded,
          fmt::format("slot \"{}\" cannot be made: {}", name_, error.message()),
          {.hint = "drop a slot that nobody needs (`annals doctor` shows them), or raise max_replication_slots and "
                   "restart the server",
           .sqlstate = error.sqlstate()}};
    }
    if (error.sqlstate() == "55P03" || error.sqlstate() == "57014") {
      throw Error{ErrorKind::overloaded,
                  fmt::format("slot \"{}\" cannot be made while a transaction that is writing is open", name_),
                  {.hint = "wait until it has ended (`annals doctor` shows it): the relay tries again",
                   .sqlstate = error.sqlstate()}};
    }
    throw;
  }
}

}  // namespace annals::outbox
