#include "import/presence.hpp"

#include <string_view>

#include "annals/postgres/connection.hpp"
#include "annals/postgres/sql_text.hpp"
#include "annals_eventstore_sql.hpp"

namespace annals::eventstore {

PresenceCheck::PresenceCheck(const std::string& schema)
    : present_(postgres::render(sql::present_events, schema)),
      versions_of_ids_(postgres::render(sql::versions_of_ids, schema)) {}

/// The streams that have events without a version, each with all of its events.
void PresenceCheck::begin_walks(Events events) {
  walks_.clear();
  if (!repeating_) return;
  for (const auto& event : events) {
    if (event.version) continue;
    const auto settled = next_.find(event.stream.view());
    walks_.try_emplace(event.stream.view(), Walk{.next = settled == next_.end() ? 0 : settled->second});
  }
  for (std::size_t i = 0; i < events.size(); ++i) {
    if (const auto walk = walks_.find(events[i].stream.view()); walk != walks_.end()) walk->second.events.push_back(i);
  }
}

/// Where the rest of the walk is if it is in the log: one behind the other.
void PresenceCheck::line_up(Events events, const Heads& heads, const Walk& walk, std::vector<Place>& places) {
  auto next = walk.next;
  for (auto k = walk.done; k < walk.events.size(); ++k) {
    const auto i = walk.events[k];
    if (const auto version = events[i].version) {
      next = version->value() + 1;
    } else if (next != 0 && next <= heads[i]->in_log) {
      places.push_back({.event = i, .version = next++});
    } else {
      return;
    }
  }
}

/// Goes on up to an event that is not where it would be. True at the end.
bool PresenceCheck::go_on(Events events, const std::vector<Presence>& presence, Walk& walk) {
  for (; walk.done < walk.events.size(); ++walk.done) {
    const auto i = walk.events[walk.done];
    if (const auto version = events[i].version) {
      walk.next = version->value() + 1;
    } else if (presence[i] != Presence::absent) {
      ++walk.next;
    } else {
      return false;
    }
  }
  return true;
}

/// Looks further behind for what is not where it would be: at first, and where somebody else has appended between what an
/// earlier run wrote. Returns where what was found is, and what must be behind it.
std::vector<PresenceCheck::Place> PresenceCheck::find_missing(postgres::Connection& connection, Events events,
                                                              const Heads& heads,
                                                              const std::vector<Presence>& presence) {
  std::vector<Walk*> missing;
  std::vector<std::int64_t> streams;
  std::vector<std::int64_t> from;
  std::vector<EventId> ids;
  for (auto& [name, walk] : walks_) {
    if (walk.is_new || go_on(events, presence, walk)) continue;
    const auto i = walk.events[walk.done];
    walk.is_new = true;  // unless it is found
    if (heads[i]->stream_id == 0 || walk.next > heads[i]->in_log) continue;
    missing.push_back(&walk);
    streams.push_back(heads[i]->stream_id);
    from.push_back(walk.next);
    ids.push_back(events[i].event.id);
  }
  std::vector<Place> places;
  if (missing.empty()) return places;
  const auto rows = connection.query_prepared(
      "versions_of_ids", versions_of_ids_, postgres::Params{}.bigint_array(streams).bigint_array(from).uuid_array(ids));
  for (int row = 0; row < rows.rows(); ++row) {
    auto& walk = *missing[static_cast<std::size_t>(rows.bigint(row, 0)) - 1];
    walk.is_new = false;
    walk.next = rows.bigint(row, 1);
    line_up(events, heads, walk, places);
  }
  return places;
}

void PresenceCheck::compare(postgres::Connection& connection, Events events, const Heads& heads,
                            const std::vector<Place>& places, std::vector<Presence>& presence) {
  if (places.empty()) return;
  std::vector<std::int64_t> streams;
  std::vector<std::int64_t> versions;
  std::vector<EventId> ids;
  std::vector<std::optional<std::string_view>> types;
  std::vector<std::string_view> data;
  for (const auto& [i, version] : places) {
    streams.push_back(heads[i]->stream_id);
    versions.push_back(version);
    ids.push_back(events[i].event.id);
    types.emplace_back(events[i].event.type);
    data.emplace_back(events[i].event.data);
  }
  postgres::Params params;
  params.bigint_array(streams).bigint_array(versions).uuid_array(ids).text_array(types).bytea_array(data);
  const auto rows = connection.query_prepared("present_events", present_, params);
  for (int row = 0; row < rows.rows(); ++row) {
    presence[places[static_cast<std::size_t>(rows.bigint(row, 0)) - 1].event] =
        rows.boolean(row, 1) ? Presence::same : Presence::other;
  }
}

std::vector<Presence> PresenceCheck::ask(postgres::Connection& connection, Events events, const Heads& heads) {
  begin_walks(events);
  std::vector<Place> places;
  for (std::size_t i = 0; i < events.size(); ++i) {
    const auto version = events[i].version;
    if (version && version->value() <= heads[i]->in_log) places.push_back({.event = i, .version = version->value()});
  }
  for (const auto& [name, walk] : walks_) line_up(events, heads, walk, places);
  std::vector<Presence> presence(events.size(), Presence::absent);
  do {
    compare(connection, events, heads, places, presence);
    places = find_missing(connection, events, heads, presence);
  } while (!places.empty());
  return presence;
}

void PresenceCheck::settle(bool repeats) {
  repeating_ = repeating_ && repeats;
  if (!repeating_) {
    next_.clear();
    return;
  }
  for (const auto& [name, walk] : walks_) next_.insert_or_assign(std::string{name}, walk.next);
}

}  // namespace annals::eventstore
