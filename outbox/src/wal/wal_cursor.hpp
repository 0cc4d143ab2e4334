#pragma once
#include <cstdint>
#include <string>

#include "annals/outbox/message_source.hpp"
#include "annals/postgres/cluster_identity.hpp"
#include "annals/postgres/replication/lsn.hpp"
#include "log/table_cursor.hpp"
#include "progress/progress.hpp"

namespace annals::outbox {

/// A place in the write-ahead log, in the order of commits.
struct WalPlace {
  postgres::Lsn flush = {};   ///< every transaction that ends at or before it is done with
  postgres::Lsn commit = {};  ///< the commit of one that is done with in part; 0: of none
  std::uint32_t index = 0;    ///< of its messages, so many are done with

  bool operator==(const WalPlace&) const = default;
};

/// What the cursor of the mined log says: where to go on in the log, and, so that a table can go on exactly there, too, which
/// positions are published.
///
/// Format, version 1, ASCII with single spaces:  wal/1 SYSTEM_IDENTIFIER TIMELINE FLUSH COMMIT INDEX PROGRESS
/// with FLUSH and COMMIT as pg_lsn and PROGRESS as Progress::encode() writes it.
struct WalCursor {
  postgres::ClusterIdentity cluster;
  WalPlace place;
  Progress progress;

  [[nodiscard]] Cursor encode() const;
  /// Throws Error{corrupt} for what is no cursor of this kind.
  [[nodiscard]] static WalCursor decode(const Cursor& cursor);
  /// Whether decode() is the way to read it.
  [[nodiscard]] static bool is(const Cursor& cursor) noexcept;
};

/// What any cursor says of the table: a table's own, or that of a mined log.
[[nodiscard]] TableCursor table_cursor_of(const Cursor& cursor);

}  // namespace annals::outbox
