#include "annals/eventstore/event_store.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "annals/core/error.hpp"
#include "annals/core/text.hpp"
#include "annals/eventstore/schema.hpp"
#include "annals/postgres/connection.hpp"
#include "annals/postgres/ordered_tail.hpp"
#include "annals/postgres/pool.hpp"
#include "columns/fields.hpp"
#include "import/import.hpp"
#include "read/event_reader.hpp"
#include "store/session.hpp"

namespace annals::eventstore {
namespace {

using ConnectionPool = postgres::Pool<postgres::Connection>;

/// A first append to a stream that two callers create at once may lose although it expects nothing: it is then made again,
/// once the winner's head is visible.
constexpr int attempts_max = 5;
/// How long a replay waits for an open transaction that could still fill a hole.
constexpr std::chrono::seconds blocked_wait_max{120};

bool is_same(const PresentEvent& present, const NewEvent& event) {
  return present.id == event.id && present.type == event.type && present.data == event.data;
}

/// Whether exactly these events follow the expected version already: the same call, made before.
bool already_there(Session& session, const AppendRequest& request) {
  if (!request.expected.is_exact()) return false;
  const auto present = session.present(request.stream, StreamVersion{request.expected.code()}, request.events.size());
  return std::equal(present.begin(), present.end(), request.events.begin(), request.events.end(), is_same);
}

Appended repeated(Session& session, const AppendRequest& request) {
  const StreamVersion last{request.expected.code() + static_cast<std::int64_t>(request.events.size())};
  const auto found = session.read(request.stream, {.from = last, .limit = 1});
  return {.version = last, .position = found.at(0).position, .already_present = true};
}

AppendResult append_to(Session& session, const AppendRequest& request) {
  require_valid(request);
  for (int attempt = 1;; ++attempt) {
    if (const auto appended = session.append(request)) return *appended;
    const auto actual = session.head(request.stream);
    if (actual && request.expected == ExpectedVersion::any() && attempt < attempts_max) continue;
    if (actual && already_there(session, request)) return repeated(session, request);
    return VersionConflict{request.expected, actual.value_or(StreamVersion{})};
  }
}

/// A lost connection while a statement in autocommit was under way decides nothing.
[[noreturn]] void rethrow_in_doubt(const Error& error, ExpectedVersion expected) {
  throw Error{
      ErrorKind::in_doubt,
      error.message(),
      {.hint = expected.is_exact()
                   ? "the append may have happened: make the same call again, with the same events"
                   : "the append may have happened: look for the events' ids in the stream before appending again",
       .sqlstate = error.sqlstate()}};
}

Error blocked_too_long(const std::vector<postgres::Blocker>& blockers) {
  const auto& first = blockers.at(0);
  return Error{ErrorKind::overloaded,
               fmt::format("replay waits for transaction {} (pid {}, {}, open {})", first.holder, first.pid,
                           first.state, postgres::age_text(first)),
               {.hint = "end that transaction, or read again later from the position reached"}};
}

}  // namespace

struct EventStore::Impl {
  postgres::Database database;
  Statements statements;
  ConnectionPool pool;

  Impl(postgres::Database db, Options options)
      : database(std::move(db)),
        statements(database.schema),
        pool([this] { return open(); }, [](postgres::Connection& connection) { return connection.is_usable(); },
             {.size = options.connections_max, .acquire_timeout = options.acquire_timeout}) {}

  std::unique_ptr<postgres::Connection> open() const {
    auto connection = std::make_unique<postgres::Connection>(database);
    postgres::require_schema(*connection, schema());
    return connection;
  }
};

EventStore::EventStore(postgres::Database database, Options options)
    : impl_(std::make_unique<Impl>(std::move(database), options)) {}
EventStore::~EventStore() = default;

AppendResult EventStore::append(pqxx::transaction_base& tx, const StreamName& stream, ExpectedVersion expected,
                                std::span<const NewEvent> events) const {
  PqxxSession session{impl_->statements, tx};
  return append_to(session, {stream, expected, events});
}

AppendResult EventStore::append(const StreamName& stream, ExpectedVersion expected,
                                std::span<const NewEvent> events) const {
  auto connection = impl_->pool.acquire();
  LibpqSession session{impl_->statements, *connection};
  try {
    return append_to(session, {stream, expected, events});
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::disconnected) throw;
    connection.discard();
    rethrow_in_doubt(error, expected);
  }
}

ImportReport EventStore::import(pqxx::transaction_base& tx, std::span<const ImportedEvent> events) const {
  return import_events(impl_->statements, tx, events);
}

std::vector<RecordedEvent> EventStore::read_stream(const StreamName& stream, ReadStreamOptions options) const {
  auto connection = impl_->pool.acquire();
  return LibpqSession{impl_->statements, *connection}.read(stream, options);
}

std::vector<RecordedEvent> EventStore::read_stream(pqxx::transaction_base& tx, const StreamName& stream,
                                                   ReadStreamOptions options) const {
  return PqxxSession{impl_->statements, tx}.read(stream, options);
}

std::optional<StreamVersion> EventStore::head(const StreamName& stream) const {
  auto connection = impl_->pool.acquire();
  return LibpqSession{impl_->statements, *connection}.head(stream);
}

std::vector<StreamInfo> EventStore::list_streams(std::string_view prefix, std::string_view after,
                                                 std::size_t limit) const {
  auto connection = impl_->pool.acquire();
  const auto rows =
      connection->query(impl_->statements.list_streams,
                        postgres::Params{}.text(prefix).text(after).bigint(static_cast<std::int64_t>(limit)));
  std::vector<StreamInfo> streams;
  streams.reserve(static_cast<std::size_t>(rows.rows()));
  for (int row = 0; row < rows.rows(); ++row) {
    streams.push_back({StreamName::from_database(rows.bytes(row, 0)), StreamVersion{rows.bigint(row, 1)},
                       columns::time_of(rows.bytes(row, 2))});
  }
  return streams;
}

GlobalPosition EventStore::read_all(GlobalPosition after,
                                    const std::function<bool(const RecordedEvent&)>& visit) const {
  using State = postgres::OrderedTail::State;
  auto connection = impl_->pool.acquire();
  EventReader reader{*connection, impl_->database.schema};
  auto blocked_since = std::chrono::steady_clock::now();
  while (true) {
    const auto batch = reader.read(after, postgres::OrderedTail::Options{}.rows_max);
    if (batch.state() == State::caught_up) return after;
    if (batch.state() == State::blocked) {
      if (std::chrono::steady_clock::now() - blocked_since > blocked_wait_max) {
        throw blocked_too_long(reader.tail().blockers());
      }
      std::this_thread::sleep_for(reader.tail().retry_after());
      continue;
    }
    for (const auto& event : batch) {
      after = event.position;
      if (!visit(event)) return after;
    }
    blocked_since = std::chrono::steady_clock::now();
  }
}

}  // namespace annals::eventstore
