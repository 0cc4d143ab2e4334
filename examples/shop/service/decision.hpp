#pragma once
#include <utility>
#include <variant>
#include <vector>

#include "annals/core/error.hpp"
#include "annals/eventstore/event_store.hpp"
#include "service/event_types.hpp"

namespace shop {

/// How often a decision is made anew because another writer of the stream was first.
inline constexpr int decision_attempts_max = 5;

/// A stream folded into a State (anything with `State::Event` and `evolve(State, Event)`), and where it stood.
template <class State>
struct Loaded {
  State state;
  annals::StreamVersion version;
};

template <class State>
[[nodiscard]] Loaded<State> load(const annals::eventstore::EventStore& store, pqxx::transaction_base& tx,
                                 const annals::TypeRegistry& types, const annals::StreamName& stream) {
  Loaded<State> loaded;
  for (const auto& event : store.read_stream(tx, stream)) {
    loaded.state = evolve(std::move(loaded.state), decode_as<typename State::Event>(types, event));
    loaded.version = event.version;
  }
  return loaded;
}

/// Load, decide, append, all in the caller's transaction; decides again, on the new state, when another writer came
/// first. `decide(state)` returns events and must be pure. Returns how many events were appended; none is fine.
template <class State, class Decide>  // NOLINTNEXTLINE(readability-function-size): what a service has at hand
std::size_t decide_and_append(const annals::eventstore::EventStore& store, pqxx::transaction_base& tx,
                              const annals::TypeRegistry& types, const annals::StreamName& stream,
                              const annals::Metadata& metadata, Decide&& decide) {
  for (int attempt = 0; attempt < decision_attempts_max; ++attempt) {
    const auto loaded = load<State>(store, tx, types, stream);
    std::vector<annals::NewEvent> events;
    for (const auto& event : decide(loaded.state)) {
      events.push_back(std::visit([&](const auto& value) { return types.encode(value); }, event));
      events.back().metadata = metadata;
    }
    if (events.empty()) return 0;
    const auto expected = annals::ExpectedVersion::exactly(loaded.version);
    if (std::holds_alternative<annals::eventstore::Appended>(store.append(tx, stream, expected, events))) {
      return events.size();
    }
  }
  throw annals::Error{
      annals::ErrorKind::overloaded, "stream " + stream.str() + " is fought over", {.hint = "try again"}};
}

}  // namespace shop
