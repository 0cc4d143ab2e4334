#include "enqueue/emission_guard.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "annals/core/error.hpp"
#include "annals/core/text.hpp"
#include "annals/outbox/emission.hpp"
#include "annals/postgres/connection.hpp"
#include "annals/postgres/sql_text.hpp"
#include "annals_outbox_sql.hpp"
#include "wal/wal_cursor.hpp"
#include "wal/wal_slot.hpp"

namespace annals::outbox {

using postgres::Connection;
using postgres::Lsn;
using postgres::MessageLog;

namespace {

/// Of `annals`, to be pasted into a shell as they are.
std::string on_command(const MessageLog& log) {
  return "annals outbox emission on" + postgres::schema_option(log.schema);
}
std::string off_command(const MessageLog& log) {
  return "annals outbox emission off" + postgres::schema_option(log.schema);
}
std::string give_up_command(const MessageLog& log) {
  return "annals outbox emission off --give-up" + postgres::schema_option(log.schema);
}

/// Everything in the log before it is published; nothing when the cursor is of no place in the log.
std::optional<Lsn> published_until(const Cursor& cursor) {
  if (!WalCursor::is(cursor)) return std::nullopt;
  return WalCursor::decode(cursor).place.flush;
}

/// The same by what the relay has confirmed to its slot: its cursor may be of the table since an operator gave it a position. Nothing where
/// it has none.
std::optional<Lsn> confirmed_until(Connection& connection, const MessageLog& log, const std::string& relay) {
  const auto slot = find_slot(connection, wal_slot_name(connection, log, relay));
  if (!slot) return std::nullopt;
  return slot->confirmed;
}

}  // namespace

EmittedPrefix emitted_prefix(Connection& connection, const MessageLog& log) {
  if (!log.emits) return {};
  const auto row = connection.query(postgres::render(sql::emission_token, log));
  if (row.empty()) return {};
  return {log.schema, row.uuid(0, 0).to_string()};
}

void require_emitted(Connection& connection, const MessageLog& log, const EmittedFrom& from) {
  if (!log.emits) return;
  const auto status = read_emission(connection, log);
  const auto published = published_until(from.cursor);
  const bool named = std::ranges::find(status.slots, from.slot) != status.slots.end();
  const bool has_all = !from.is_new && (!published || from.has_from <= *published);
  const bool missed = !has_all && (published ? status.emitted_until > *published : named);
  if (!missed) return;
  throw Error{
      ErrorKind::corrupt,
      fmt::format(
          "slot {} is not the one that had the messages emitted beside {}: those after {} that were not published "
          "are lost",
          from.slot, log.name, published ? to_string(*published) : "its beginning"),
      {.hint = fmt::format("restore it if you can; else accept the loss: `{}`, start the relay, and `{}`",
                           give_up_command(log), on_command(log))}};
}

void require_nothing_emitted(Connection& connection, const MessageLog& log, const std::string& relay) {
  if (!log.emits || !read_emission(connection, log).is_on()) return;
  throw invalid(
      fmt::format("relay \"{}\" may read the table, and messages of {} are emitted into the write-ahead log alone",
                  printable(relay), log.name),
      fmt::format("source = \"wal\"; or let nobody emit: `{}`", off_command(log)));
}

void require_all_in_table(Connection& connection, const MessageLog& log, const std::string& relay,
                          const Cursor& cursor) {
  require_nothing_emitted(connection, log, relay);
  if (!log.emits) return;
  auto published = published_until(cursor);
  if (!published) published = confirmed_until(connection, log, relay);
  if (!published) return;
  const auto until = read_emission(connection, log).emitted_until;
  if (until <= *published) return;
  throw invalid(
      fmt::format(
          "relay \"{}\" has published {} up to {}, and messages may have been emitted up to {}: the table has not "
          "got them",
          printable(relay), log.name, to_string(*published), to_string(until)),
      fmt::format("run it with source = \"wal\" until it is past them; or give them up: `{}`", give_up_command(log)));
}

}  // namespace annals::outbox
