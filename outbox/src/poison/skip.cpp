#include <fmt/format.h>

#include "annals/core/error.hpp"
#include "annals/core/text.hpp"
#include "annals/outbox/emission.hpp"
#include "annals/outbox/status.hpp"
#include "annals/postgres/connection.hpp"
#include "annals/postgres/sql_text.hpp"
#include "annals_outbox_sql.hpp"
#include "log/log_name.hpp"
#include "poison/passed_over.hpp"
#include "poison/reason.hpp"
#include "progress/checkpoint_row.hpp"

namespace annals::outbox {

using postgres::Connection;
using postgres::MessageLog;
using postgres::Params;

namespace {

/// What was emitted is in no table: position and id are believed, and an id that no message has skips none.
bool may_be_emitted(Connection& connection, const MessageLog& log, const Skip& skip) {
  if (!log.emits || read_emission(connection, log).emitted_until.value == 0) return false;
  return connection.query(postgres::render(sql::message_at, log), Params{}.bigint(skip.position)).empty();
}

void require_ahead(Connection& connection, const MessageLog& log, const Skip& skip) {
  const auto checkpoint = find_checkpoint(connection, log, skip.relay);
  if (!checkpoint) {
    throw invalid(fmt::format("relay \"{}\" has no checkpoint on {}", printable(skip.relay), log.name),
                  "see `annals relay status` for the names there are");
  }
  if (!checkpoint->cursor.published.contains(skip.position)) return;
  if (may_be_emitted(connection, log, skip)) return;
  throw invalid(fmt::format("relay \"{}\" is past position {} of {} already: its checkpoint is {}",
                            printable(skip.relay), skip.position, log.name, checkpoint->status.position),
                "what was published cannot be taken back: publish a correction");
}

void require_message(Connection& connection, const MessageLog& log, const Skip& skip) {
  const auto row = connection.query(postgres::render(sql::message_at, log), Params{}.bigint(skip.position));
  if (!row.empty() && row.uuid(0, 0) == skip.id) return;
  if (may_be_emitted(connection, log, skip)) return;
  throw invalid(fmt::format("position {} of {} holds {}, not message {}", skip.position, log.name,
                            row.empty() ? "no message" : "message " + row.uuid(0, 0).to_string(), skip.id.to_string()),
                "take position and id from the relay's last error");
}

}  // namespace

void skip_message(Connection& connection, const MessageLog& log, const Skip& skip) {
  require_reason(skip.reason);
  postgres::Ownership lock{connection, lock_name_of(log, skip.relay)};
  require_no_owner(connection, log, skip.relay, lock);
  require_ahead(connection, log, skip);
  if (!log.relation.empty()) require_message(connection, log, skip);  // else nobody knows but the relay
  connection.query(postgres::render(sql::skip_record, log),
                   Params{}.text(skip.relay).text(log.name).bigint(skip.position).uuid(skip.id).text(skip.reason));
}

PassedOver read_passed_over(Connection& connection, const MessageLog& log, const std::string& relay) {
  const auto rows = connection.query(postgres::render(sql::skip_list, log), Params{}.text(relay).text(log.name));
  std::vector<MessageSource::Place> places;
  places.reserve(static_cast<std::size_t>(rows.rows()));
  for (int row = 0; row < rows.rows(); ++row) {
    places.push_back({.position = rows.bigint(row, 0), .id = rows.uuid(row, 1)});
  }
  return PassedOver{std::move(places)};
}

}  // namespace annals::outbox
