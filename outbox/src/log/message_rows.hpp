#pragma once
#include <cstdint>
#include <vector>

#include "annals/outbox/message.hpp"
#include "annals/outbox/message_source.hpp"
#include "annals/postgres/message_log.hpp"
#include "annals/postgres/row_batch.hpp"
#include "annals/postgres/tail/name_cache.hpp"

namespace annals::outbox {

/// Rows of a MessageLog's select as messages, with the names of their streams.
///
/// Thread safety  none. Ownership: borrows the connection. Errors: Error{corrupt}: a row is of a stream that is none.
class MessageRows {
 public:
  MessageRows(postgres::Connection& connection, const postgres::MessageLog& log)
      : streams_(connection, log.stream_names, log.stream_remedy) {}

  /// Fetches the names of the rows' streams, for decode().
  void learn(const postgres::RowBatch& rows);
  /// The same of one row.
  void learn(postgres::RowReader row);
  [[nodiscard]] static MessageSource::Place place_of(postgres::RowReader row);
  /// Everything but the ticket. The view's texts hold as long as the row, and until the next learn().
  void decode(postgres::RowReader row, MessageView& view) const;

 private:
  postgres::NameCache streams_;
  std::vector<std::int64_t> stream_ids_;  // kept for its memory
};

}  // namespace annals::outbox
