#include "relay/crew/databases.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "relay/crew/thread_start.hpp"
#include "relay/settings/setting.hpp"

namespace annals::relayd {
namespace {

using std::chrono::seconds;

/// What a source may take beyond its drain_timeout: the step that it was in, and writing the checkpoint.
constexpr seconds hang_grace{5};

constexpr std::string_view rate_limits_key = "relay.rate_limits";

}  // namespace

void Databases::begin(const LoadedConfig& loaded) {
  const std::lock_guard lock{mutex_};
  places_.reserve(loaded.databases.size());
  for (const auto& database : loaded.databases) add(database, loaded.secrets);
}

void Databases::add(const LoadedDatabase& database, const host::Secrets& secrets) {
  auto& place = *places_.emplace_back(std::make_unique<Place>());
  place.publisher = std::make_unique<Publisher>(database.config, secrets, shared_);
  start(place);
}

void Databases::start(Place& place) {
  const auto& config = place.publisher->config();
  if (!config.database.name.empty()) {
    const auto shown = [&](const char* key) { return find_setting(key)->show(config); };
    place.publisher->log().write(host::Level::info, "begins to publish",
                                 {{"uri", shown("database.uri")},
                                  {"schema", config.database.schema},
                                  {"relay", config.relay.name},
                                  {"sources", shown("relay.sources")},
                                  {"source", shown("relay.source")},
                                  {"delivery", shown("relay.delivery")}});
  }
  place.ended = false;
  place.code = host::ExitCode::ok;
  if (stopping_) place.stop.request_stop();
  const bool started = start_thread(place.thread, place.publisher->log(), [this, &place] {
    const auto code = place.publisher->run(place.stop.get_token());
    const std::lock_guard lock{mutex_};
    place.code = code;
    place.ended = true;
    changed_.notify_all();
  });
  if (started) return;
  place.code = host::ExitCode::unavailable;
  place.ended = true;
}

void Databases::start_anew(Place& place, const LoadedDatabase& database, const host::Secrets& secrets) {
  if (place.thread.joinable()) place.thread.join();
  place.publisher.reset();  // its series before those of the next
  place.publisher = std::make_unique<Publisher>(database.config, secrets, shared_);
  place.stop = {};
  place.leaves = false;
  start(place);
}

void Databases::request_stop() {
  const std::lock_guard lock{mutex_};
  stopping_ = true;
  for (const auto& place : places_) place->stop.request_stop();
  changed_.notify_all();
}

void Databases::reload(const LoadedConfig& loaded) {
  const std::lock_guard lock{mutex_};
  if (stopping_ || places_.empty()) return;
  take_leave(loaded);
  for (const auto& database : loaded.databases) take(database, loaded.secrets);
}

void Databases::take_leave(const LoadedConfig& loaded) {
  for (const auto& place : places_) {
    const auto& name = place->publisher->config().database.name;
    const auto same = [&](const LoadedDatabase& database) { return database.config.database.name == name; };
    if (place->leaves || std::ranges::any_of(loaded.databases, same)) continue;
    place->leaves = true;
    place->publisher->log().write(host::Level::info, "is not configured any more: ends");
    place->stop.request_stop();
  }
}

void Databases::take(const LoadedDatabase& database, const host::Secrets& secrets) {
  const auto& name = database.config.database.name;
  const auto found = std::ranges::find_if(
      places_, [&](const auto& place) { return place->publisher->config().database.name == name; });
  if (found == places_.end()) return add(database, secrets);
  auto& place = **found;
  if (place.ended && (place.leaves || place.code != host::ExitCode::ok)) return start_anew(place, database, secrets);
  // Told to an operator, who has been quick, and not at its end yet.
  if (place.publisher->has_halted()) place.next = Next{database, secrets};
  place.publisher->reload(database.config.relay.rate_limits);
  say_changes(place, database, found == places_.begin());
}

/// Of the program as a whole only once.
void Databases::say_changes(Place& place, const LoadedDatabase& database, bool of_the_program) {
  auto& log = place.publisher->log();
  if (place.leaves) log.write(host::Level::warn, "ends still, and is not begun again", {{"hint", "reload once more"}});
  for (const auto& setting : all_settings()) {
    const bool elsewhere = is_of_the_program(setting.key.substr(0, setting.key.find('.'))) && !of_the_program;
    const bool same = setting.show(database.config) == setting.show(place.publisher->config());
    if (elsewhere || same || setting.key == rate_limits_key) continue;
    log.write(host::Level::warn, "a setting has changed that takes a restart", {{"setting", std::string{setting.key}}});
  }
}

bool Databases::wait(std::chrono::milliseconds time) {
  std::unique_lock lock{mutex_};
  if (!all_ended()) changed_.wait_for(lock, time);
  start_next();
  remove_ended();
  const bool over = all_ended();
  if (over) stopping_ = true;  // a reload comes too late now: nobody would look after what it begins
  return over;
}

void Databases::start_next() {
  for (const auto& place : places_) {
    if (!place->ended || !place->next || stopping_) continue;
    const auto next = std::move(*place->next);
    place->next.reset();
    if (place->code != host::ExitCode::ok) start_anew(*place, next.database, next.secrets);
  }
}

/// Those that have left.
void Databases::remove_ended() {
  std::erase_if(places_, [](const auto& place) { return place->leaves && place->ended; });
}

bool Databases::all_ended() const {
  return std::ranges::all_of(places_, [](const auto& place) { return place->ended; });
}

bool Databases::ending() const {
  const std::lock_guard lock{mutex_};
  return std::ranges::all_of(
      places_, [](const auto& place) { return place->ended || place->publisher->ending_since().has_value(); });
}

bool Databases::overdue(SourceHealth::Time now) const {
  const std::lock_guard lock{mutex_};
  const auto hangs = [&](const auto& place) {
    const auto since = place->publisher->ending_since();
    return since && now - *since > place->publisher->config().limits.drain_timeout + hang_grace;
  };
  return !all_ended() && std::ranges::all_of(places_, [&](const auto& place) { return place->ended || hangs(place); });
}

host::ExitCode Databases::code() const {
  const std::lock_guard lock{mutex_};
  auto code = host::ExitCode::ok;
  for (const auto& place : places_) {
    if (place->ended && !place->leaves) code = host::worse(code, place->code);
  }
  return code;
}

std::vector<DatabaseHealth> Databases::healths() const {
  const std::lock_guard lock{mutex_};
  std::vector<DatabaseHealth> healths;
  healths.reserve(places_.size());
  for (const auto& place : places_) {
    if (!place->leaves) healths.push_back(place->publisher->health());
  }
  return healths;
}

}  // namespace annals::relayd
