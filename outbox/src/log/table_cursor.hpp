#pragma once
#include <cstdint>
#include <string>

#include "annals/core/event_id.hpp"
#include "annals/outbox/message_source.hpp"
#include "annals/postgres/cluster_identity.hpp"
#include "progress/progress.hpp"

namespace annals::outbox {

/// What the cursor of a table says: which of its messages are published, in one history of one database.
///
/// Format, ASCII with single spaces, "-" for the id at position 0, where no message is:
///     table/1 SYSTEM_IDENTIFIER TIMELINE POSITION MESSAGE_ID    everything up to this message
///     table/2 SYSTEM_IDENTIFIER TIMELINE PROGRESS               what Progress::encode() says
struct TableCursor {
  postgres::ClusterIdentity cluster;
  Progress published;

  /// The message by which the history is recognised; everything up to it is published.
  [[nodiscard]] const MessageSource::Place& place() const noexcept { return published.anchor(); }
  [[nodiscard]] Cursor encode() const;
  /// Throws Error{corrupt} for anything that encode() does not make.
  [[nodiscard]] static TableCursor decode(const Cursor& cursor);
  /// Whether the cursor is a cluster and a place, and nothing else.
  [[nodiscard]] static bool is_place(const Cursor& cursor) noexcept;
};

}  // namespace annals::outbox
