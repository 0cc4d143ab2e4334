#include "capture/change_origin.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "annals/core/error.hpp"
#include "annals/core/text.hpp"
#include "annals/postgres/connection.hpp"
#include "progress/other_history.hpp"

namespace annals::outbox {

ChangeOrigin::ChangeOrigin(postgres::Connection& connection, const postgres::MessageLog& log, std::string relay,
                           std::string accept_timeline)
    : connection_(connection),
      log_(log),
      relay_(std::move(relay)),
      accept_timeline_(std::move(accept_timeline)),
      cluster_(postgres::read_cluster_identity(connection)),
      slot_(connection, log, relay_) {}

Cursor ChangeOrigin::first(const Start& start) {
  if (start.at == Start::At::position) {
    throw invalid(fmt::format("relay \"{}\" is to start at position {} of {}, which are in no table", printable(relay_),
                              start.position, log_.name),
                  "start at the beginning, which is where its slot is made, or at the end");
  }
  // The slot may be there already, of a start that got no further.
  auto at = slot_.open().confirmed;
  if (start.at == Start::At::end) at = std::max(at, postgres::log_written(connection_));
  return WalCursor{.cluster = cluster_, .place = {.flush = at}, .progress = {}}.encode();
}

WalCursor ChangeOrigin::begin(const Cursor& after) {
  auto cursor = WalCursor::decode(after);
  require_same_history(cursor);
  if (cursor.cluster.timeline != cluster_.timeline) {
    // What is at its places now was written after the histories parted: it has not been published.
    cursor.place = {.flush = failed_over(cursor).confirmed};
    return cursor;
  }
  const auto slot = slot_.open();
  if (slot.confirmed > cursor.place.flush) {
    refuse(cursor,
           fmt::format("stands at {} of the write-ahead log, and slot \"{}\" {} {}", to_string(cursor.place.flush),
                       slot_.name(), slot.created ? "had gone and was made anew at" : "was moved on to",
                       to_string(slot.confirmed)),
           begin_anew_remedy(log_, relay_, slot_.name()));
  }
  return cursor;
}

/// One that is made here begins after what was not published: that would be passed over in silence.
WalSlot::Opened ChangeOrigin::failed_over(const WalCursor& cursor) {
  const auto slot = slot_.find();
  if (slot) return *slot;
  refuse(cursor,
         fmt::format("was made on timeline {}, and slot \"{}\" did not come along to timeline {}",
                     printable(cursor.cluster.timeline), slot_.name(), cluster_.timeline),
         begin_anew_remedy(log_, relay_, ""));
}

Error ChangeOrigin::unpublished(std::string_view why) const {
  return Error{ErrorKind::corrupt,
               fmt::format("what changed while there was no publication \"{}\" cannot be read from slot \"{}\": {}",
                           log_.publication, slot_.name(), why),
               {.hint = begin_anew_remedy(log_, relay_, slot_.name())}};
}

void ChangeOrigin::require_same_history(const WalCursor& cursor) const {
  const auto other = other_history(cursor.cluster, cluster_, accept_timeline_);
  if (!other) return;
  if (other->is_of_cluster) {
    refuse(cursor, other->what,
           "give the relay the right database; in a copy, " + begin_anew_remedy(log_, relay_, slot_.name()));
  }
  refuse(
      cursor, other->what,
      fmt::format("where the slot was failed over as well, relay.accept_timeline = \"{}\" goes on", cluster_.timeline));
}

void ChangeOrigin::refuse(const WalCursor& cursor, const std::string& what, const std::string& hint) const {
  throw Error{ErrorKind::corrupt,
              fmt::format("checkpoint {} of relay \"{}\" on {} {}", cursor.progress.watermark(), printable(relay_),
                          log_.name, what),
              {.hint = hint}};
}

}  // namespace annals::outbox
