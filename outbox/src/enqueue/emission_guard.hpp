#pragma once
#include <string>

#include "annals/outbox/message_source.hpp"
#include "annals/postgres/message_log.hpp"
#include "annals/postgres/replication/lsn.hpp"
#include "enqueue/emitted.hpp"

namespace annals::postgres {
class Connection;
}

namespace annals::outbox {

// What a relay must ask before it goes on, so that no message is passed over that is in the write-ahead log alone. Each asks nothing of a
// log beside which nothing is emitted.

/// By what the emitted messages of a log are known. Takes a wal-relay's right.
[[nodiscard]] EmittedPrefix emitted_prefix(postgres::Connection& connection, const postgres::MessageLog& log);

/// A place to go on in the log.
struct EmittedFrom {
  std::string slot;
  bool is_new = false;     ///< it was made just now
  postgres::Lsn has_from;  ///< it has what ends behind it
  Cursor cursor;           ///< what was published
};
/// Throws Error{corrupt}: something was, or may have been, emitted between the cursor and what the slot has.
void require_emitted(postgres::Connection& connection, const postgres::MessageLog& log, const EmittedFrom& from);

/// For whoever may leave the log for the table. Throws Error{invalid} while messages may be emitted.
void require_nothing_emitted(postgres::Connection& connection, const postgres::MessageLog& log,
                             const std::string& relay);
/// For whoever reads the table. Throws Error{invalid} while messages may be emitted, or some are behind the cursor.
void require_all_in_table(postgres::Connection& connection, const postgres::MessageLog& log, const std::string& relay,
                          const Cursor& cursor);

}  // namespace annals::outbox
