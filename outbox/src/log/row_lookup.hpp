#pragma once
#include <cstdint>

#include "annals/outbox/message.hpp"
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
      : connection_(connection), log_(log), messages_(connection, log) {}

  /// Everything but the ticket; false when it is not there. Holds until the next find().
  [[nodiscard]] bool find(std::int64_t position, MessageView& view);

 private:
  postgres::Connection& connection_;
  const postgres::MessageLog& log_;
  MessageRows messages_;
  postgres::RowBatch found_;
};

}  // namespace annals::outbox
