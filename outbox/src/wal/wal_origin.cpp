// A cursor of the log says a place in it, and which positions are published.
//
//   The slot's mark is at or before the place: it has everything that follows. The run goes on there.
//   The mark is behind it: the slot is new, or somebody moved it. What ended between the two comes no more; the table has it,
//   and the positions say which of it is not published. The run reads that first (TableCatchUp), then the slot from its mark.
//   A cursor of the table: as with a new slot.
//   Another timeline: places and ranges were made in a history that went on elsewhere, and positions of it may have been given out
//   again. Only the anchor counts then, a message that both have (TableHistory).
//
// None of them loses a row. What was emitted (outbox_emit()) is in the log alone: where the slot may not have all of that, the relay
// says so instead of going on without it. The last repeats what was published above the anchor; the others repeat nothing.
#include "wal/wal_origin.hpp"

#include <optional>
#include <utility>

#include "enqueue/emission_guard.hpp"

namespace annals::outbox {

WalOrigin::WalOrigin(postgres::Connection& connection, const postgres::MessageLog& log,
                     const TableHistory::Options& options)
    : connection_(connection), log_(log), history_(connection, log, options), slot_(connection, log, options.relay) {}

WalOrigin::Begin WalOrigin::begin(const Cursor& after) {
  auto published = history_.published_of(after);
  const auto slot = slot_.open();
  std::optional<WalCursor> in_log;
  if (WalCursor::is(after)) in_log = WalCursor::decode(after);
  const bool has_all = in_log && in_log->cluster.timeline == history_.cluster().timeline && !slot.created &&
                       slot.confirmed <= in_log->place.flush;
  require_emitted(connection_, log_,
                  {.slot = slot_.name(), .is_new = slot.created, .has_from = slot.confirmed, .cursor = after});
  auto emitted = emitted_prefix(connection_, log_);
  if (has_all) return {.published = std::move(published), .place = in_log->place, .emitted = std::move(emitted)};
  return {.published = std::move(published),
          .place = {.flush = slot.confirmed},
          .from_table = true,
          .emitted = std::move(emitted)};
}

}  // namespace annals::outbox
