#pragma once
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "annals/core/timestamp.hpp"
#include "annals/postgres/database.hpp"
#include "annals/projections/handlers.hpp"

namespace annals::projections {

struct InboxOptions {
  std::size_t batch_messages_max = 1'000;  ///< messages a transaction
  /// Called at the named points of a step ("received", "recorded", "handled", "commit", "committed", "done"; see
  /// inbox.cpp).
  std::function<void(std::string_view point)> at_point = {};
};

struct InboxReport {
  std::size_t received = 0;    ///< messages of this step's transaction
  std::size_t handled = 0;     ///< of those: seen for the first time
  std::size_t duplicates = 0;  ///< of those: handled before, by offset or by id
  std::size_t damaged = 0;     ///< of those handled: not whole (IncomingMessage::damaged), skipped
};

/// Applies messages from outside exactly once: effects, offsets and message ids are committed in one transaction. Its own
/// table of offsets decides where a source begins, not what the broker remembers: a database that was restored or failed
/// over gets again exactly what it lacks. inbox.cpp opens with the argument.
///
/// A message is a duplicate when its offset was handled before (it came again after a crash), or its source and id were
/// (its producer sent it again, so its offset is new). Messages without an id, or with one that is longer than 1,024
/// bytes with its source or is not text, are told apart by offset only.
///
/// A message that is not whole (IncomingMessage::damaged) is given to no handler. As with a type that no handler names,
/// Unhandled::fail stops at it and Unhandled::skip passes over it; the report counts those.
///
/// Handlers get the transaction: EventStore::append(tx, …) and Outbox::enqueue(tx, …) on it make a process manager,
/// whose events and messages are exactly-once like all other effects.
///
/// Lifecycle      construct (opens a session) -> step() many times -> destroy. Starts no thread. After an Error step()
///                may be called again with the same source while the Error is a handler's: the batch is kept until it is
///                done, and the source stays in its group meanwhile. After an Error of the source make a new source; after
///                Error{disconnected, in_doubt, corrupt} of the database a new Inbox and a new source.
/// Thread safety  none. Several Inboxes of one consumer are safe, in threads or processes, also on the same messages.
/// Ownership      borrows the types, owns the handlers.
/// Errors         what a handler throws, as Error (of the same kind where it was one) naming consumer, topic,
///                partition, offset and type: nothing took effect; Error{disconnected, in_doubt}; Error{corrupt}: the
///                table's offsets are of another cluster, or of a topic that was deleted and made anew, or were changed
///                while the inbox ran.
/// Limits         memory: one batch. inbox_messages grows until prune(); keep ids for as long as a producer may repeat
///                itself, and for a day at least. A topic that was made anew is noticed when it is shorter than the table
///                says, or by the id of the last message; without ids one that has grown past the offset is not.
class Inbox {
 public:
  /// `consumer` names whose effects these are: 1 to 128 bytes.
  Inbox(const postgres::Database& database, std::string consumer, const TypeRegistry& types, MessageHandlers handlers)
      : Inbox(database, std::move(consumer), types, std::move(handlers), InboxOptions{}) {}
  Inbox(const postgres::Database& database, std::string consumer, const TypeRegistry& types, MessageHandlers handlers,
        InboxOptions options);
  ~Inbox();
  Inbox(const Inbox&) = delete;
  Inbox& operator=(const Inbox&) = delete;

  /// Receives one batch, waiting at most `wait_max` for it, and applies it.
  InboxReport step(Source& source, std::chrono::milliseconds wait_max);
  /// Forgets at most `rows_max` ids received before `before`, oldest first; returns how many. Call until it returns 0.
  std::size_t prune(Timestamp before, std::size_t rows_max = 10'000);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace annals::projections
