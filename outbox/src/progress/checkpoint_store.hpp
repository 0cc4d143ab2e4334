#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "annals/outbox/destination.hpp"
#include "annals/postgres/message_log.hpp"
#include "log/table_cursor.hpp"

namespace annals::postgres {
class Connection;
}

namespace annals::outbox {

/// The row of relay_checkpoints of one relay and log. Not thread-safe; borrows the connection.
class CheckpointStore {
 public:
  CheckpointStore(postgres::Connection& connection, const postgres::MessageLog& log, std::string relay);

  /// Reads the checkpoint and shuts predecessors out: what they write afterwards is refused. Writes no row for a name that
  /// has none.
  [[nodiscard]] Checkpoint open();
  /// committed, or fenced when a successor has opened. Throws Error{corrupt} when anybody else has moved the checkpoint.
  [[nodiscard]] Destination::Commit save(const Cursor& cursor);

 private:
  [[nodiscard]] bool insert(const TableCursor& cursor);
  [[nodiscard]] bool update(const TableCursor& cursor);
  [[nodiscard]] std::optional<std::int64_t> stored_epoch();

  postgres::Connection& connection_;
  std::string relay_;
  std::string log_;
  std::string open_sql_;
  std::string others_sql_;
  std::string first_sql_;
  std::string save_sql_;
  std::string epoch_sql_;
  std::int64_t saved_ = 0;
  std::int64_t epoch_ = 0;  ///< 0: there is no row yet
};

}  // namespace annals::outbox
