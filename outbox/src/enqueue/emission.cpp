#include "annals/outbox/emission.hpp"

#include <fmt/format.h>

#include <optional>
#include <string_view>

#include "annals/core/error.hpp"
#include "annals/core/quote.hpp"
#include "annals/core/text.hpp"
#include "annals/postgres/connection.hpp"
#include "annals/postgres/sql_text.hpp"
#include "annals_outbox_sql.hpp"
#include "progress/checkpoint_row.hpp"
#include "wal/wal_cursor.hpp"
#include "wal/wal_slot.hpp"

namespace annals::outbox {

using postgres::Connection;
using postgres::MessageLog;
using postgres::Params;

namespace {

/// Column of relay_list.sql.
constexpr int cursor_column = 13;
constexpr std::string_view lock_not_available = "55P03";

Error not_ready(const std::string& message, const std::string& hint) {
  return Error{ErrorKind::not_ready, message, {.hint = hint}};
}

/// The slot of a relay that can publish what is emitted from now on. Exactly once its checkpoint is the broker's, and what is recorded here
/// follows: so a slot that somebody reads at this moment will do.
std::string slot_of(Connection& connection, const MessageLog& log, const std::string& relay, bool was_in_log) {
  auto name = wal_slot_name(connection, log, relay);
  const auto slot = find_slot(connection, name);
  const bool is_there = slot && !slot->is_lost();
  if (!was_in_log && !(is_there && slot->active)) {
    throw not_ready(
        fmt::format("relay \"{}\" reads the table of {}, and what is emitted is in the write-ahead log alone",
                    printable(relay), log.name),
        fmt::format("run it with source = \"wal\" until its checkpoint is of the log; or, when it will never run "
                    "again: annals relay forget {}{} --yes",
                    quote_shell(relay), postgres::schema_option(log.schema)));
  }
  if (is_there) return name;
  throw not_ready(fmt::format("slot {} of relay \"{}\" is gone or lost", name, printable(relay)),
                  "start the relay with source = \"wal\": it makes the slot, or says what is in the way");
}

std::vector<std::string> slots_of_all(Connection& connection, const MessageLog& log) {
  const auto relays = connection.query(postgres::render(sql::relay_list, log), Params{}.text(log.name).null());
  std::vector<std::string> slots;
  slots.reserve(static_cast<std::size_t>(relays.rows()));
  for (int row = 0; row < relays.rows(); ++row) {
    const auto status = checkpoint_of(relays, row).status;
    if (status.retired) continue;  // its shard is gone on with under other names
    const bool was_in_log =
        !relays.is_null(row, cursor_column) && WalCursor::is(Cursor{relays.text(row, cursor_column)});
    slots.push_back(slot_of(connection, log, status.relay, was_in_log));
  }
  if (!slots.empty()) return slots;
  throw not_ready(
      fmt::format("no relay has read {} from the write-ahead log: nobody would publish what is emitted", log.name),
      "run annals-relay with source = \"wal\" first");
}

void set_slots(Connection& connection, const MessageLog& log, const std::vector<std::string>& slots, Emitted emitted) {
  std::vector<std::optional<std::string_view>> names;
  names.reserve(slots.size());
  for (const auto& slot : slots) names.emplace_back(slot);
  try {
    (void)connection.query(postgres::render(sql::emission_switch, log),
                           Params{}.text_array(names).boolean(emitted == Emitted::give_up));
  } catch (const Error& error) {
    if (error.sqlstate() != lock_not_available) throw;
    throw Error{ErrorKind::overloaded,
                fmt::format("transactions that have emitted messages of {} stay open", log.name),
                {.hint = "wait until they have ended (`annals doctor` shows them), and repeat it",
                 .sqlstate = error.sqlstate()}};
  }
}

}  // namespace

EmissionStatus read_emission(Connection& connection, const MessageLog& log) {
  if (!log.emits) {
    throw invalid(fmt::format("no messages are emitted beside {}", log.name), "emission is a matter of the outbox");
  }
  const auto row = connection.query(postgres::render(sql::emission_find, log));
  if (row.empty()) {
    throw Error{ErrorKind::failed,
                fmt::format("{}.outbox_emission has no row", log.schema),
                {.hint = fmt::format("as the owner: INSERT INTO {}.outbox_emission DEFAULT VALUES", log.schema)}};
  }
  EmissionStatus status{.emitted_until = {static_cast<std::uint64_t>(row.bigint(0, 0))}};
  if (!row.is_null(0, 1)) status.changed_at = row.timestamptz(0, 1);
  if (!row.is_null(0, 2)) status.changed_by = row.text(0, 2);
  const auto slots = connection.query(postgres::render(sql::emission_slots, log));
  status.slots.reserve(static_cast<std::size_t>(slots.rows()));
  for (int i = 0; i < slots.rows(); ++i) {
    status.slots.push_back(slots.text(i, 0));
    if (!slots.boolean(i, 1)) status.missing.push_back(slots.text(i, 0));
  }
  return status;
}

void switch_emission_on(Connection& connection, const MessageLog& log) {
  if (connection.server_version() < postgres::emission_version_min) {
    throw not_ready("the write-ahead log of this server does not give out what is emitted",
                    "upgrade it to PostgreSQL 14 or later; or enqueue the messages");
  }
  (void)read_emission(connection, log);
  set_slots(connection, log, slots_of_all(connection, log), Emitted::publish);
}

void switch_emission_off(Connection& connection, const MessageLog& log, Emitted emitted) {
  (void)read_emission(connection, log);
  set_slots(connection, log, {}, emitted);
}

}  // namespace annals::outbox
