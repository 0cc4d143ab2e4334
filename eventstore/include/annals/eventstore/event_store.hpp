#pragma once
#include <chrono>
#include <cstddef>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "annals/core/event.hpp"
#include "annals/eventstore/append_result.hpp"
#include "annals/postgres/database.hpp"

namespace pqxx {
class transaction_base;
}

namespace annals::eventstore {

enum class Direction { forward, backward };

struct ReadStreamOptions {
  /// First version to return; by default the first (forward) or the last (backward).
  std::optional<StreamVersion> from = std::nullopt;
  Direction direction = Direction::forward;
  std::size_t limit = 1000;  ///< events returned at most; read on from the last version
};

struct ReplayOptions {
  /// Sessions that read at once, each from another place of what is final; events still come in order, in the caller's
  /// thread. One is enough for a visitor that works; a second pays where the server has a core to spare. Taken beyond the
  /// first are those that are free at once: a replay never waits for one.
  std::size_t sessions = 1;
  /// How long it stands before an open transaction that may still commit events between those that are there. Then
  /// Error{overloaded}, which names it; what was visited stays so, and the last position visited is the one to go on from.
  std::chrono::milliseconds blocked_wait_max{120'000};
};

struct StreamInfo {
  StreamName name = StreamName::from_database({});
  StreamVersion version;  ///< head
  Timestamp created_at;
};

/// The append-only log of events: streams with expected versions, one global order.
///
/// Lifecycle      construct (opens nothing) -> use -> destroy. The schema must be there: `annals schema apply`.
/// Thread safety  all methods are thread-safe; those with a transaction use only the caller's.
/// Ownership      owns a small pool of connections for what it does outside a caller's transaction.
/// Errors         annals::Error; a version conflict is a value. After Error{in_doubt} from append() with an exact expected
///                version make the same call again: ids make it idempotent. With any or stream_exists it would append
///                twice: look for the ids in the stream first.
/// Limits         annals::limits: an append has at most append_events_max events and append_bytes_max bytes of
///                type, data and metadata; reads return at most `limit` events a call.
/// Two phases     a transaction that appended while a reader was waiting has sent a NOTIFY, and PostgreSQL refuses to PREPARE
///                such a transaction (Error with SQLSTATE 0A000; it is then rolled back). Whether a reader waits is not
///                the appender's to know: do not append in transactions that are to be prepared.
class EventStore {
 public:
  struct Options {
    std::size_t connections_max = 8;  ///< of its own; callers' transactions do not count
    std::chrono::milliseconds acquire_timeout{10'000};
  };

  explicit EventStore(postgres::Database database) : EventStore(std::move(database), Options{}) {}
  EventStore(postgres::Database database, Options options);
  ~EventStore();
  EventStore(const EventStore&) = delete;
  EventStore& operator=(const EventStore&) = delete;

  /// Appends in the caller's transaction: visible when, and only if, the caller commits. Never commits, never rolls back.
  [[nodiscard]] AppendResult append(pqxx::transaction_base& tx, const StreamName& stream, ExpectedVersion expected,
                                    std::span<const NewEvent> events) const;
  [[nodiscard]] AppendResult append(pqxx::transaction_base& tx, const StreamName& stream, ExpectedVersion expected,
                                    std::initializer_list<NewEvent> events) const {
    return append(tx, stream, expected, std::span{events.begin(), events.size()});
  }
  /// Appends in a transaction of its own, in one round trip.
  [[nodiscard]] AppendResult append(const StreamName& stream, ExpectedVersion expected,
                                    std::span<const NewEvent> events) const;
  [[nodiscard]] AppendResult append(const StreamName& stream, ExpectedVersion expected,
                                    std::initializer_list<NewEvent> events) const {
    return append(stream, expected, std::span{events.begin(), events.size()});
  }

  [[nodiscard]] std::vector<RecordedEvent> read_stream(const StreamName& stream, ReadStreamOptions options = {}) const;
  /// The same as the caller's transaction sees it, its own appends included.
  [[nodiscard]] std::vector<RecordedEvent> read_stream(pqxx::transaction_base& tx, const StreamName& stream,
                                                       ReadStreamOptions options = {}) const;
  /// Version of the stream's last event; nothing when the stream does not exist.
  [[nodiscard]] std::optional<StreamVersion> head(const StreamName& stream) const;
  /// Streams whose name starts with `prefix`, after `after` in byte order.
  [[nodiscard]] std::vector<StreamInfo> list_streams(std::string_view prefix, std::string_view after,
                                                     std::size_t limit) const;

  /// Every event after `after`, in position order, up to what was committed when the end is reached; stops early when
  /// `visit` returns false. The event is reused between calls: copy what you keep. Waits for open transactions only where
  /// they could still fill a hole. Returns the position reached. Behind the end, threads of the store's own fetch ahead of
  /// the visitor: a session has at most four pages in memory, each of 4 MB and one event more. Up to `sessions` of its
  /// connections are taken until this returns.
  GlobalPosition read_all(GlobalPosition after, const std::function<bool(const RecordedEvent&)>& visit,
                          ReplayOptions options = {}) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace annals::eventstore
