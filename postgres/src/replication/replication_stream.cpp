// The frames of streaming replication, big-endian, within CopyData of a COPY that goes both ways:
//   w  XLogData   int64 start, int64 end, int64 time, then a message of the plugin
//   k  keepalive  int64 end of what was sent, int64 time, byte: answer at once
//   r  status     (ours) int64 written, int64 flushed, int64 applied, int64 time, byte: answer
// Written and applied are said to be what is flushed: nothing of what the server knows of us is used for anything else.
//
// The server ends a stream whose other side says nothing for wal_sender_timeout. A status that nobody asked for counts as
// an answer, so whoever cannot read for a while, because what was read has no room elsewhere, keeps the stream by keep_alive().
#include "annals/postgres/replication/replication_stream.hpp"

#include <fmt/format.h>
#include <libpq-fe.h>

#include <algorithm>

#include "annals/core/error.hpp"
#include "annals/core/text.hpp"
#include "annals/core/timestamp.hpp"
#include "annals/postgres/error.hpp"
#include "session/session_settings.hpp"
#include "session/socket_wait.hpp"
#include "values/wire.hpp"

namespace annals::postgres {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

namespace {

constexpr std::string_view what = "read the write-ahead log";
constexpr std::size_t data_header = 1 + 3 * sizeof(std::int64_t);
constexpr std::size_t keepalive_size = 1 + 2 * sizeof(std::int64_t) + 1;

Lsn lsn_at(const char* from) { return {wire::load<std::uint64_t>(from)}; }

std::string start_command(const ReplicationStream::Options& options) {
  require_identifier("slot", options.slot);
  require_identifier("publication", options.publication);
  return fmt::format(R"(START_REPLICATION SLOT {} LOGICAL {} (proto_version '1', publication_names '{}'{}{}))",
                     options.slot, to_string(options.start), options.publication,
                     options.values == ValueForm::binary ? ", binary 'true'" : "",
                     options.messages ? ", messages 'true'" : "");
}

}  // namespace

void ReplicationStream::Finish::operator()(pg_conn* connection) const noexcept { PQfinish(connection); }

ReplicationStream::ReplicationStream(const Database& database, Options options)
    : options_(std::move(options)),
      connection_(connect(database, Speech::logical_replication)),
      confirmed_(options_.confirmed),
      status_at_(steady_clock::now()) {
  PQsetNoticeProcessor(
      connection_.get(), [](void*, const char*) {}, nullptr);
  start();
}

ReplicationStream::~ReplicationStream() = default;

/// A walsender of a database takes SQL before it is told to stream.
void ReplicationStream::set_forms() {
  if (PQsendQuery(connection_.get(), text_values) != 1) {
    throw error_from_connection(connection_.get(), what);
  }
  while (true) {
    await_start();
    const std::unique_ptr<PGresult, decltype([](PGresult* r) { PQclear(r); })> result{PQgetResult(connection_.get())};
    if (!result) return;
    if (PQresultStatus(result.get()) != PGRES_COMMAND_OK) throw error_from_result(result.get(), what);
  }
}

void ReplicationStream::start() {
  if (options_.values == ValueForm::text) set_forms();
  if (PQsendQuery(connection_.get(), start_command(options_).c_str()) != 1) {
    throw error_from_connection(connection_.get(), what);
  }
  await_start();
  const std::unique_ptr<PGresult, decltype([](PGresult* r) { PQclear(r); })> result{PQgetResult(connection_.get())};
  if (PQresultStatus(result.get()) != PGRES_COPY_BOTH) throw error_from_result(result.get(), what);
  if (PQsetnonblocking(connection_.get(), 1) != 0) throw error_from_connection(connection_.get(), what);
}

void ReplicationStream::await_start() {
  const auto deadline = steady_clock::now() + options_.start_timeout;
  while (PQisBusy(connection_.get()) != 0) {
    const auto left = std::chrono::ceil<milliseconds>(deadline - steady_clock::now());
    if (left.count() <= 0) {
      throw Error{ErrorKind::overloaded,
                  fmt::format("the server did not begin to send slot \"{}\" within {} ms", options_.slot,
                              options_.start_timeout.count()),
                  {.hint = "try again; while it lasts, see the server's log"}};
    }
    if (readable(PQsocket(connection_.get()), left) && PQconsumeInput(connection_.get()) != 1) {
      throw error_from_connection(connection_.get(), what);
    }
  }
}

std::optional<ReplicationStream::Change> ReplicationStream::next() {
  for (bool consumed = false;; consumed = true) {
    char* buffer = nullptr;
    int size = 0;
    while ((size = PQgetCopyData(connection_.get(), &buffer, 1)) > 0) {
      if (auto change = take(buffer, size)) return change;
    }
    if (size < 0) fail_at_end();
    if (consumed) break;
    if (PQconsumeInput(connection_.get()) != 1) throw error_from_connection(connection_.get(), what);
  }
  keep_alive();
  return std::nullopt;
}

std::optional<ReplicationStream::Change> ReplicationStream::take(char* buffer, int size) {
  const std::string_view frame{buffer, static_cast<std::size_t>(size)};
  Change change{buffer, frame.substr(std::min(data_header, frame.size()))};
  if (frame.front() == 'w' && frame.size() > data_header) return change;
  if (frame.front() == 'k' && frame.size() == keepalive_size) {
    take_keepalive(frame);
    return std::nullopt;
  }
  throw Error{ErrorKind::corrupt,
              fmt::format("the server sent a frame of type {} and {} bytes", static_cast<int>(frame.front()), size),
              {.hint = "is what answers a PostgreSQL server? See its version with `annals doctor`"}};
}

void ReplicationStream::take_keepalive(std::string_view frame) {
  passed_ = std::max(passed_, lsn_at(frame.data() + 1));
  status_wanted_ = status_wanted_ || frame.back() != 0;
}

bool ReplicationStream::wait(milliseconds wait_max) {
  const auto deadline = steady_clock::now() + wait_max;
  while (true) {
    keep_alive();
    const auto left = std::chrono::ceil<milliseconds>(deadline - steady_clock::now());
    if (readable(PQsocket(connection_.get()), std::clamp(left, milliseconds{0}, options_.status_interval))) return true;
    if (left.count() <= 0) return false;
  }
}

void ReplicationStream::confirm(Lsn lsn) noexcept {
  if (lsn <= confirmed_) return;
  confirmed_ = lsn;
  status_wanted_ = true;
}

void ReplicationStream::keep_alive() {
  if (status_wanted_ || steady_clock::now() - status_at_ >= options_.status_interval) send_status();
}

void ReplicationStream::send_status() {
  std::string frame{"r"};
  for (int i = 0; i < 3; ++i) wire::append(frame, confirmed_.value);
  wire::append(frame, timestamp_to_postgres(
                          std::chrono::time_point_cast<Timestamp::duration>(std::chrono::system_clock::now())));
  frame += '\0';
  const int put = PQputCopyData(connection_.get(), frame.data(), static_cast<int>(frame.size()));
  if (put < 0 || PQflush(connection_.get()) < 0) throw error_from_connection(connection_.get(), what);
  status_wanted_ = put == 0;
  status_at_ = steady_clock::now();
}

/// The server ended the stream: it says why, or that it goes.
void ReplicationStream::fail_at_end() {
  const std::unique_ptr<PGresult, decltype([](PGresult* r) { PQclear(r); })> result{PQgetResult(connection_.get())};
  if (result && PQresultStatus(result.get()) == PGRES_FATAL_ERROR) throw error_from_result(result.get(), what);
  if (PQstatus(connection_.get()) != CONNECTION_OK) throw error_from_connection(connection_.get(), what);
  throw Error{ErrorKind::disconnected,
              fmt::format("the server ended the stream of slot \"{}\"", options_.slot),
              {.hint = "it is stopping, or the slot was taken away: try again"}};
}

}  // namespace annals::postgres
