#pragma once
#include <cstdint>
#include <string>

#include "annals/core/event_id.hpp"
#include "annals/outbox/message_source.hpp"
#include "annals/postgres/cluster_identity.hpp"

namespace annals::outbox {

/// What the cursor of a table says: a place in one history of one database.
///
/// Format, version 1, ASCII with single spaces:  table/1 SYSTEM_IDENTIFIER TIMELINE POSITION MESSAGE_ID
/// with "-" for the id at position 0, where no message is.
struct TableCursor {
  postgres::ClusterIdentity cluster;
  MessageSource::Place place;

  [[nodiscard]] Cursor encode() const;
  /// Throws Error{corrupt} for anything that encode() does not make.
  [[nodiscard]] static TableCursor decode(const Cursor& cursor);
};

}  // namespace annals::outbox
