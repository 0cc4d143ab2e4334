#include "import/chunk_plan.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "annals/core/error.hpp"
#include "annals/core/text.hpp"
#include "columns/event_columns.hpp"

namespace annals::eventstore {
namespace {

ImportRefused out_of_place(std::size_t index, const ImportedEvent& event, std::int64_t head) {
  return {index,
          fmt::format("event {} wants version {} of stream \"{}\", which is at version {}", event.event.id.to_string(),
                      event.version->value(), printable(event.stream.view()), head),
          {.hint = "import into an empty store, or leave the versions out to append at the end"}};
}

ImportRefused other_content(std::size_t index, const ImportedEvent& event) {
  return {index,
          fmt::format("event {} is in stream \"{}\" already, with another type or other data",
                      event.event.id.to_string(), printable(event.stream.view())),
          {.hint = "give what is another event another id"}};
}

/// Whether the import itself has put the same event at this place. Rare: only for lines that are there twice.
bool is_repeated(const ChunkPlan& plan, const ImportedEvent& event, const StreamHead& head) {
  const auto version = event.version->value();
  if (version <= head.before) return version > head.in_log;  // by another chunk of a dry run, which keeps no events
  const auto twin = std::find_if(plan.fresh.rbegin(), plan.fresh.rend(), [&](const ChunkPlan::Fresh& fresh) {
    return fresh.head == &head && fresh.version == version;
  });
  return twin != plan.fresh.rend() && columns::is_same(twin->event->event, event.event);
}

}  // namespace

ChunkPlan make_plan(std::span<const ImportedEvent> events, const std::vector<StreamHead*>& heads,
                    const std::vector<Presence>& presence) {
  ChunkPlan plan;
  plan.fresh.reserve(events.size());
  for (std::size_t i = 0; i < events.size(); ++i) {
    const auto& event = events[i];
    auto& head = *heads[i];
    const auto last = head.before + head.fresh;
    const bool may_be_there = event.version || plan.repeats;
    if (may_be_there && presence[i] == Presence::other) throw other_content(i, event);
    if ((may_be_there && presence[i] == Presence::same) ||
        (event.version && event.version->value() <= last && is_repeated(plan, event, head))) {
      ++plan.present;
      continue;
    }
    if (event.version && event.version->value() != last + 1) throw out_of_place(i, event, last);
    plan.repeats = plan.repeats && event.version;
    plan.fresh.push_back({&event, &head, last + 1});
    ++head.fresh;
  }
  return plan;
}

}  // namespace annals::eventstore
