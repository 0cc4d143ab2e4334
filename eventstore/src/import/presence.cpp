#include "import/presence.hpp"

#include <string_view>

#include "annals/postgres/connection.hpp"
#include "annals/postgres/sql_text.hpp"
#include "annals_eventstore_sql.hpp"

namespace annals::eventstore {

PresenceCheck::PresenceCheck(const std::string& schema)
    : present_(postgres::render(sql::present_events, schema)),
      versions_of_ids_(postgres::render(sql::versions_of_ids, schema)) {}

/// Looks for the first event without a version of each stream that was not met before.
void PresenceCheck::find_first(postgres::Connection& connection, Events events, const Heads& heads) {
  std::vector<std::string_view> names;
  std::vector<std::int64_t> streams;
  std::vector<EventId> ids;
  for (std::size_t i = 0; i < events.size(); ++i) {
    const auto name = events[i].stream.view();
    if (events[i].version || heads[i]->stream_id == 0) continue;
    const auto settled = next_.find(name);
    if (!moved_.emplace(name, settled == next_.end() ? 0 : settled->second).second) continue;
    if (settled != next_.end()) continue;
    names.push_back(name);
    streams.push_back(heads[i]->stream_id);
    ids.push_back(events[i].event.id);
  }
  if (names.empty()) return;
  const auto rows = connection.query_prepared("versions_of_ids", versions_of_ids_,
                                              postgres::Params{}.bigint_array(streams).uuid_array(ids));
  for (int row = 0; row < rows.rows(); ++row) {
    moved_[names[static_cast<std::size_t>(rows.bigint(row, 0)) - 1]] = rows.bigint(row, 1);
  }
}

/// Where in its stream each event must be if it is in the log; 0: it cannot be there.
std::vector<std::int64_t> PresenceCheck::places(Events events, const Heads& heads) {
  std::vector<std::int64_t> places(events.size(), 0);
  for (std::size_t i = 0; i < events.size(); ++i) {
    if (const auto version = events[i].version) {
      places[i] = version->value() <= heads[i]->in_log ? version->value() : 0;
    } else if (const auto next = moved_.find(events[i].stream.view()); next != moved_.end() && next->second != 0) {
      places[i] = next->second++;
    }
  }
  return places;
}

std::vector<Presence> PresenceCheck::ask(postgres::Connection& connection, Events events, const Heads& heads) {
  moved_.clear();
  if (repeating_) find_first(connection, events, heads);
  const auto at = places(events, heads);
  std::vector<std::size_t> asked;
  std::vector<std::int64_t> streams;
  std::vector<std::int64_t> versions;
  std::vector<EventId> ids;
  std::vector<std::optional<std::string_view>> types;
  std::vector<std::string_view> data;
  for (std::size_t i = 0; i < events.size(); ++i) {
    if (at[i] == 0 || heads[i]->stream_id == 0) continue;
    asked.push_back(i);
    streams.push_back(heads[i]->stream_id);
    versions.push_back(at[i]);
    ids.push_back(events[i].event.id);
    types.emplace_back(events[i].event.type);
    data.emplace_back(events[i].event.data);
  }
  std::vector<Presence> out(events.size(), Presence::absent);
  if (asked.empty()) return out;
  postgres::Params params;
  params.bigint_array(streams).bigint_array(versions).uuid_array(ids).text_array(types).bytea_array(data);
  const auto rows = connection.query_prepared("present_events", present_, params);
  for (int row = 0; row < rows.rows(); ++row) {
    out[asked[static_cast<std::size_t>(rows.bigint(row, 0)) - 1]] =
        rows.boolean(row, 1) ? Presence::same : Presence::other;
  }
  return out;
}

void PresenceCheck::settle(bool repeats) {
  repeating_ = repeating_ && repeats;
  if (!repeating_) {
    next_.clear();
    return;
  }
  for (const auto& [name, next] : moved_) next_.insert_or_assign(std::string{name}, next);
}

}  // namespace annals::eventstore
