#include "annals/eventstore/event_store.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "annals/core/error.hpp"
#include "annals/core/text.hpp"
#include "annals/eventstore/schema.hpp"
#include "annals/postgres/connection.hpp"
#include "annals/postgres/pool.hpp"
#include "columns/event_columns.hpp"
#include "columns/fields.hpp"
#include "read/replay.hpp"
#include "store/session.hpp"

namespace annals::eventstore {
namespace {

using ConnectionPool = postgres::Pool<postgres::Connection>;

/// A first append to a stream that two callers create at once may lose although it expects nothing: it is then made again,
/// once the winner's head is visible.
constexpr int attempts_max = 5;

/// Whether exactly these events follow the expected version already: the same call, made before.
bool already_there(Session& session, const AppendRequest& request) {
  if (!request.expected.is_exact()) return false;
  const auto present = session.present(request.stream, StreamVersion{request.expected.code()}, request.events.size());
  return std::equal(present.begin(), present.end(), request.events.begin(), request.events.end(),
                    columns::is_same<PresentEvent, NewEvent>);
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

/// The server refused the statement before it did anything: after a fail-over it is a standby, say.
bool is_refused(const Error& error) { return error.sqlstate() == "25006"; }

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

}  // namespace

struct EventStore::Impl {
  postgres::Database database;
  Statements statements;
  std::size_t connections_max;
  ConnectionPool pool;

  Impl(postgres::Database db, Options options)
      : database(std::move(db)),
        statements(database.schema),
        connections_max(options.connections_max),
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
    if (is_refused(error)) throw;
    rethrow_in_doubt(error, expected);
  }
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

GlobalPosition EventStore::read_all(GlobalPosition after, const std::function<bool(const RecordedEvent&)>& visit,
                                    ReplayOptions options) const {
  if (options.sessions < 1 || options.sessions > impl_->connections_max) {
    throw invalid(
        fmt::format("a replay by {} sessions", options.sessions),
        fmt::format("the store has {}: give between 1 and that, or raise connections_max", impl_->connections_max));
  }
  return Replay{impl_->pool, impl_->database.schema, options}.run(after, visit);
}

}  // namespace annals::eventstore
