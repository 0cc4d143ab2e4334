#include "log/table_history.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "annals/core/error.hpp"
#include "annals/core/text.hpp"
#include "annals/postgres/connection.hpp"
#include "annals/postgres/sql_text.hpp"
#include "annals/postgres/tail/horizon_prover.hpp"
#include "annals_outbox_sql.hpp"
#include "log/log_name.hpp"
#include "progress/other_history.hpp"
#include "wal/wal_cursor.hpp"

namespace annals::outbox {

using postgres::Params;
using std::chrono::milliseconds;

TableHistory::TableHistory(postgres::Connection& connection, const postgres::MessageLog& log, Options options)
    : connection_(connection),
      log_(log),
      table_(postgres::log_table(log)),
      options_(std::move(options)),
      cluster_(postgres::read_cluster_identity(connection)) {}

Cursor TableHistory::first(const Start& start, milliseconds wait_max) {
  MessageSource::Place place;
  // Whatever is passed over must be settled: a transaction that is open there would never be published.
  if (start.at == Start::At::end) {
    place = place_at(postgres::settled_end(connection_, table_, wait_max));
  }
  if (start.at == Start::At::position) {
    if (start.position < 0) {
      throw invalid(fmt::format("relay \"{}\" is to start at position {}", printable(options_.relay), start.position),
                    "0 is the beginning");
    }
    if (start.position > 0) {
      place = place_at(std::min(start.position, postgres::settled_end(connection_, table_, wait_max)));
    }
  }
  return cursor(Progress{place});
}

MessageSource::Place TableHistory::place_at(std::int64_t position) {
  const auto row = connection_.query(postgres::render(sql::place_at, log_), Params{}.bigint(position));
  if (row.empty()) return {};
  return {.position = row.bigint(0, 0), .id = row.uuid(0, 1)};
}

Cursor TableHistory::cursor(Progress published) const {
  return TableCursor{.cluster = cluster_, .published = std::move(published)}.encode();
}

Progress TableHistory::published_of(const Cursor& cursor) {
  auto decoded = table_cursor_of(cursor);
  if (const auto other = other_history(decoded.cluster, cluster_, options_.accept_timeline))
    refuse(decoded, other->what);
  const auto& place = decoded.place();
  if (place.position > 0) require_message(decoded, place);
  if (decoded.cluster.timeline != cluster_.timeline) return Progress{place};
  // Without it the positions below it, which somebody may have lost in a crash, could have been given out again.
  const auto last = decoded.published.top_place();
  if (last.position > place.position) require_message(decoded, last);
  return std::move(decoded.published);
}

void TableHistory::require_message(const TableCursor& cursor, const MessageSource::Place& place) {
  std::optional<EventId> id;
  const auto look = [&] {
    id = id_at(place.position);
    return id.has_value();
  };
  if (!postgres::is_there_once_settled(connection_, table_, look)) {
    refuse(cursor, fmt::format("stands on message {}, which is not there", place.id.to_string()));
  }
  if (*id != place.id) {
    refuse(cursor, fmt::format("stands on message {}, but that position holds message {}", place.id.to_string(),
                               id->to_string()));
  }
}

std::optional<EventId> TableHistory::id_at(std::int64_t position) {
  const auto row = connection_.query(postgres::render(sql::message_at, log_), Params{}.bigint(position));
  if (row.empty()) return std::nullopt;
  return row.uuid(0, 0);
}

void TableHistory::refuse(const TableCursor& cursor, const std::string& what) const {
  throw Error{ErrorKind::corrupt,
              fmt::format("checkpoint {} of relay \"{}\" on {} {}", cursor.place().position, printable(options_.relay),
                          log_.name, what),
              {.hint = fmt::format("`{}` says what differs and what can be done about it",
                                   repair_command(options_.relay, name_of(log_)))}};
}

}  // namespace annals::outbox
