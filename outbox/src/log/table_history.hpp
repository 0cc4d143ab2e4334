#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "annals/outbox/message_source.hpp"
#include "annals/postgres/cluster_identity.hpp"
#include "annals/postgres/log_table.hpp"
#include "annals/postgres/message_log.hpp"
#include "log/table_cursor.hpp"
#include "progress/progress.hpp"

namespace annals::postgres {
class Connection;
}

namespace annals::outbox {

/// Which history the rows of a log's table are: cursors made in it, and only those, are places in it.
///
/// Thread safety  none. Ownership: borrows connection and log.
/// Errors         Error{corrupt}: a cursor of another history; Error{overloaded}: where to begin is not settled in time, or nobody can see
///                yet what the log has given.
class TableHistory {
 public:
  struct Options {
    std::string relay;            ///< for messages to people
    std::string accept_timeline;  ///< see RelayOptions
  };
  TableHistory(postgres::Connection& connection, const postgres::MessageLog& log, Options options);

  /// The cursor of a place to begin at; see MessageSource::first().
  [[nodiscard]] Cursor first(const Start& start, std::chrono::milliseconds wait_max);
  [[nodiscard]] Cursor cursor(Progress published) const;
  /// The last message at or below the position; of none, at the beginning.
  [[nodiscard]] MessageSource::Place place_at(std::int64_t position);
  [[nodiscard]] const postgres::ClusterIdentity& cluster() const noexcept { return cluster_; }
  /// What a cursor says, which must be of this history. Of one that was made on another timeline, which was accepted, only the
  /// message counts by which the history is recognised: positions above it may have been given out again.
  [[nodiscard]] Progress published_of(const Cursor& cursor);

 private:
  void require_message(const TableCursor& cursor, const MessageSource::Place& place);
  [[nodiscard]] std::optional<EventId> id_at(std::int64_t position);
  [[noreturn]] void refuse(const TableCursor& cursor, const std::string& what) const;

  postgres::Connection& connection_;
  const postgres::MessageLog& log_;
  const postgres::LogTable table_;
  Options options_;
  postgres::ClusterIdentity cluster_;
};

}  // namespace annals::outbox
