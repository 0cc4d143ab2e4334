#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "annals/core/event_id.hpp"
#include "annals/outbox/message.hpp"
#include "annals/postgres/tail/blocker.hpp"

namespace annals::outbox {

/// A place in a history, to go on after it: opaque, versioned bytes that only the source that made them can read. They
/// say which history it is as well (its database, its timeline, the message at the place), so that a cursor is never
/// applied to another one. Empty: no place yet.
struct Cursor {
  std::string bytes;

  [[nodiscard]] bool empty() const noexcept { return bytes.empty(); }
  bool operator==(const Cursor&) const = default;
};

/// Where a relay begins that has no checkpoint.
struct Start {
  enum class At {
    beginning,  ///< everything is published
    end,        ///< what is committed from now on, and nothing before
    position,   ///< everything after `position`
  };
  At at = At::beginning;
  std::int64_t position = 0;
};

/// Port: where a relay takes its messages from, in the order in which they are to be published. Implemented by the table
/// source (outbox/src/log/table_source.hpp), the mined log (outbox/src/wal/wal_source.hpp) and testing::MemoryMessageSource; each passes the contract suite in
/// annals/testing.
///
/// Contract
///  - start() goes on right after the cursor; between the cursor and what is read first no message is left out, then or
///    later, and messages of one key come in the order of their commits;
///  - every message read in a run has a ticket: 1, 2, 3 … without a hole, in the order of reading; ticket 0 is the cursor
///    that the run was started with;
///  - cursor(), place() and find() know every ticket from the one last given to forget() on; starting after cursor(t), in
///    this process or another, gives the messages after t and no others;
///  - nothing that was not acknowledged is given up: it can be read again after a new start();
///  - read() and wait() never wait for another transaction, and hold none open when they return.
///
/// Thread safety  none: one thread.
/// Errors         Error{corrupt}: the cursor belongs to another history; Error{disconnected}: throw the source away;
///                Error{overloaded}: a bound on waiting was reached.
class MessageSource {
 public:
  MessageSource() = default;
  MessageSource(const MessageSource&) = delete;
  MessageSource& operator=(const MessageSource&) = delete;
  virtual ~MessageSource() = default;

  enum class State {
    rows,  ///< there is at least one message; or none came in time, and whether there is one is not known yet: read again
    caught_up,  ///< there was nothing after the last one
    blocked,    ///< the next one belongs to a transaction that is still open
  };
  /// Where a message is, for people and for the commands that they give.
  struct Place {
    std::int64_t position = 0;  ///< in its log's table
    EventId id;                 ///< nil at the beginning of a log

    bool operator==(const Place&) const = default;
  };

  /// The cursor of a place to begin at. Waits at most `wait_max` for transactions that are still open (Start::At::end).
  [[nodiscard]] virtual Cursor first(const Start& start, std::chrono::milliseconds wait_max) = 0;
  /// Begins a run after this cursor, which is not empty; forgets everything of the run before. May be called again.
  virtual void start(const Cursor& after) = 0;

  /// Replaces the messages at hand by those that follow them.
  virtual State read() = 0;
  /// How many messages are at hand; their tickets are the last ones given out.
  [[nodiscard]] virtual std::size_t size() const noexcept = 0;
  /// Message `index` of those at hand, its ticket included. The view's texts hold until the next read(), start() or find().
  virtual void decode(std::size_t index, MessageView& view) const = 0;

  [[nodiscard]] virtual Cursor cursor(std::int64_t ticket) const = 0;
  [[nodiscard]] virtual Place place(std::int64_t ticket) const = 0;
  /// With this ticket everything at or below this position is done with.
  [[nodiscard]] virtual std::int64_t watermark(std::int64_t ticket) const { return place(ticket).position; }
  /// Fetches one message again; false when it cannot be had any more.
  [[nodiscard]] virtual bool find(std::int64_t ticket, MessageView& view) = 0;
  /// Nobody will ask for tickets below this one again.
  virtual void forget(std::int64_t ticket) = 0;
  /// It keeps as much as it may of what was not forgotten: nothing more is to be read before some is.
  [[nodiscard]] virtual bool full() const noexcept { return false; }
  /// The cursor is recorded for good: no run will start before it again.
  virtual void acknowledge(const Cursor& cursor) = 0;
  enum class Move {
    any,  ///< at all
    due,  ///< for so long that it is worth recording though more may come
  };
  /// With everything acknowledged: the cursor of the last ticket has moved on although no message came.
  [[nodiscard]] virtual bool moved(Move /*move*/) const { return false; }

  /// After rows: whether there may be more of them already, so that to read on at once is worth it. Otherwise wait() says
  /// when.
  [[nodiscard]] virtual bool more() const noexcept { return true; }
  /// After a read that found nothing, or not as much as it may: waits at most `wait_max` until reading again is worth it, and says whether it is.
  [[nodiscard]] virtual bool wait(std::chrono::milliseconds wait_max) = 0;
  /// For a reader that is busy elsewhere, to be called every second or so: takes in what has come from the other side
  /// meanwhile, so that nothing piles up, and waits for nothing.
  virtual void rest() = 0;
  /// Reads no more and gives up what it holds for that; cursor(), place() and find() go on.
  virtual void stop() {}
  /// While blocked for longer than a moment: by whom.
  [[nodiscard]] virtual const std::vector<postgres::Blocker>& blockers() = 0;
};

}  // namespace annals::outbox
