#pragma once
#include <cstdint>

#include "annals/outbox/message.hpp"
#include "annals/postgres/log_table.hpp"
#include "annals/postgres/message_log.hpp"
#include "annals/postgres/row_batch.hpp"
#include "log/message_rows.hpp"

namespace annals::postgres {
class Connection;
}

namespace annals::outbox {

/// One message of a log's table, by its position, for whoever wants to say which one it was.
///
/// Thread safety  none. Ownership: borrows connection and log.
class RowLookup {
 public:
  RowLookup(postgres::Connection& connection, const postgres::MessageLog& log)
      : connection_(connection), log_(log), table_(postgres::log_table(log)), messages_(connection, log) {}

  /// Everything but the ticket; false when it is not there. Holds until the next find().
  [[nodiscard]] bool find(std::int64_t position, MessageView& view);
  /// The same of one that the write-ahead log has given, and which nobody may see yet; see postgres::is_there_once_settled().
  [[nodiscard]] bool find_settled(std::int64_t position, MessageView& view);

 private:
  postgres::Connection& connection_;
  const postgres::MessageLog& log_;
  const postgres::LogTable table_;
  MessageRows messages_;
  postgres::RowBatch found_;
};

}  // namespace annals::outbox
