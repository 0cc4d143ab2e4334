#include "annals/postgres/connection.hpp"

#include <fmt/format.h>
#include <libpq-fe.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <future>
#include <memory>
#include <system_error>
#include <thread>
#include <utility>

#include "annals/core/assert.hpp"
#include "annals/postgres/error.hpp"
#include "annals/postgres/row_batch.hpp"
#include "session/commit_watch.hpp"
#include "session/session_settings.hpp"
#include "session/socket_wait.hpp"
#include "values/wire.hpp"

namespace annals::postgres {
namespace {

/// The first words of a statement, behind its comments, to say in an error what was running.
std::string_view summary(std::string_view sql) {
  const auto skip_to = [&](std::size_t at) { sql.remove_prefix(std::min(at, sql.size())); };
  for (skip_to(sql.find_first_not_of(" \n\t")); sql.starts_with("--"); skip_to(sql.find_first_not_of(" \n\t"))) {
    skip_to(sql.find('\n'));
  }
  return sql.substr(0, std::min<std::size_t>(sql.find('\n'), 60));
}

bool is_success(const pg_result* result) {
  const auto status = PQresultStatus(result);
  return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
}

bool is_copy(ExecStatusType status) {
  return status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH;
}

bool was_cancelled(const pg_result* result) {
  const char* sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  return sqlstate != nullptr && std::string_view{sqlstate} == "57014";
}

/// At least one row, however large; none after the first that was left out.
bool has_room(const RowBatch& batch, std::size_t bytes_max) {
  return !batch.truncated() && (batch.empty() || batch.byte_size() < bytes_max);
}

/// Of rows that go to the server at once: many of them, and few beside what libpq buffers.
constexpr std::size_t copy_block_bytes = 64U << 10U;

/// What PQsendQueryPrepared() says.
int send_prepared(pg_conn* connection, const std::string& name, const Params& params) {
  const auto wire = params.wire();
  return PQsendQueryPrepared(connection, name.c_str(), params.size(), wire.values.data(), wire.lengths.data(),
                             wire.formats.data(), 1);
}

void ignore_notice(void*, const char*) {}

}  // namespace

void Connection::Clear::operator()(pg_result* result) const noexcept { PQclear(result); }
void Connection::Copied::Free::operator()(char* buffer) const noexcept { PQfreemem(buffer); }
void Connection::Finish::operator()(pg_conn* connection) const noexcept { PQfinish(connection); }

Connection::Connection(const Database& database)
    : database_(database), connection_(connect(database)), commits_(std::make_unique<CommitWatch>(connection_.get())) {
  PQsetNoticeProcessor(connection_.get(), ignore_notice, nullptr);
  // Each statement sees all that was committed before it: the proofs of the tail rest on that.
  execute(std::string{pin_search_path} + "; SET default_transaction_isolation = 'read committed'; " +
          session_settings(database));
}

Connection::~Connection() = default;
Connection::Connection(Connection&&) noexcept = default;
Connection& Connection::operator=(Connection&& other) noexcept {
  commits_ = std::move(other.commits_);  // first: a watch ends before its connection
  connection_ = std::move(other.connection_);
  database_ = std::move(other.database_);
  prepared_ = std::move(other.prepared_);
  posted_ = other.posted_;
  copying_ = other.copying_;
  return *this;
}

// Waiting. libpq's own calls wait for ever: a server, or what stands before it, that is stopped while its kernel goes on
// acknowledging breaks no connection.

/// Waits for the socket to become readable, whatever signals come; false when time is up. Who is interrupted asks for a
/// cancellation each time: one that comes before the server has begun with the statement does nothing.
bool Connection::becomes_readable(std::chrono::milliseconds wait) {
  using std::chrono::milliseconds;
  using std::chrono::steady_clock;
  const milliseconds look_again = database_.interrupted ? milliseconds{500} : std::chrono::minutes{1};
  const auto begin = steady_clock::now();
  for (auto left = wait; left.count() > 0;
       left = wait - std::chrono::floor<milliseconds>(steady_clock::now() - begin)) {
    if (database_.interrupted && database_.interrupted()) cancel();
    if (readable(socket(), std::min(left, look_again))) return true;
  }
  return false;
}

/// False when the connection is lost.
bool Connection::await_input() {
  if (!becomes_readable(patience(database_))) give_up();
  return PQconsumeInput(connection_.get()) == 1;
}

bool Connection::await_result() {
  while (PQisBusy(connection_.get()) != 0) {
    if (!await_input()) return false;
  }
  return true;
}

/// The last result of what was sent; the first that failed, which ended it; or that of a COPY that begins.
Connection::ResultPtr Connection::await_end(std::string_view what) {
  ResultPtr last;
  const auto failed = [&] { return last && PQresultStatus(last.get()) == PGRES_FATAL_ERROR; };
  while (true) {
    if (!await_result()) {
      if (failed()) return last;  // the server said why before it hung up
      throw error_from_connection(connection_.get(), what);
    }
    ResultPtr next{PQgetResult(connection_.get())};
    if (!next) return last;
    if (!failed()) last = std::move(next);
    if (is_copy(PQresultStatus(last.get()))) return last;
  }
}

/// `sent` is what PQsend… returned.
Connection::ResultPtr Connection::answer(int sent, std::string_view what) {
  if (sent != 1) throw error_from_connection(connection_.get(), what);
  return answer(what);
}

Connection::ResultPtr Connection::answer(std::string_view what) {
  auto result = await_end(what);
  commits_->require_replicated();
  return result;
}

void Connection::post(const std::string& name, const std::string& sql, const Params& params) {
  prepare(name, sql);
  if (send_prepared(connection_.get(), name, params) != 1) throw error_from_connection(connection_.get(), name);
  posted_ = true;
}

void Connection::settle() {
  if (!std::exchange(posted_, false)) return;
  constexpr std::string_view what = "take the answer to what was posted";
  const auto result = answer(what);
  if (!is_success(result.get())) throw error_from_result(result.get(), what);
}

void Connection::execute(const std::string& sql) {
  settle();
  const auto result = answer(PQsendQuery(connection_.get(), sql.c_str()), summary(sql));
  if (!is_success(result.get()) && PQresultStatus(result.get()) != PGRES_EMPTY_QUERY) {
    throw error_from_result(result.get(), summary(sql));
  }
}

Result Connection::query(const std::string& sql, const Params& params) {
  settle();
  const auto wire = params.wire();
  auto result = answer(PQsendQueryParams(connection_.get(), sql.c_str(), params.size(), nullptr, wire.values.data(),
                                         wire.lengths.data(), wire.formats.data(), 1),
                       summary(sql));
  if (!is_success(result.get())) throw error_from_result(result.get(), summary(sql));
  return Result{result.release()};
}

void Connection::prepare(const std::string& name, const std::string& sql) {
  settle();
  if (prepared_.contains(name)) return;
  const auto prepared = answer(PQsendPrepare(connection_.get(), name.c_str(), sql.c_str(), 0, nullptr), summary(sql));
  if (PQresultStatus(prepared.get()) != PGRES_COMMAND_OK) throw error_from_result(prepared.get(), summary(sql));
  prepared_.insert(name);
}

Result Connection::query_prepared(const std::string& name, const std::string& sql, const Params& params) {
  prepare(name, sql);
  auto result = answer(send_prepared(connection_.get(), name, params), name);
  if (!is_success(result.get())) throw error_from_result(result.get(), name);
  return Result{result.release()};
}

void Connection::drain() noexcept {
  try {
    (void)await_end("end a COPY");
  } catch (const std::exception&) {  // the session is gone
  }
}

/// Should it not get through, the rest is read to its end: slower, and no less right. libpq asks by a connection of its own and
/// waits for ever; who is not answered gives the session up, because the cancellation may still come, and hit what runs then.
void Connection::cancel() {
  const std::shared_ptr<PGcancel> request{PQgetCancel(connection_.get()), PQfreeCancel};
  if (!request) return;
  auto asked = std::make_shared<std::promise<void>>();
  const auto answered = asked->get_future();
  try {
    std::thread{[request, asked] {
      std::array<char, 256> reason{};
      PQcancel(request.get(), reason.data(), reason.size());
      asked->set_value();
    }}.detach();
  } catch (const std::system_error&) {  // no thread to be had
    return;
  }
  if (answered.wait_for(patience(database_)) != std::future_status::ready) give_up();
}

/// The server, or what stands before it, has said nothing for too long.
void Connection::give_up() {
  const linger none{.l_onoff = 1, .l_linger = 0};  // its end tells the other side, which may be waiting to send more
  ::setsockopt(socket(), SOL_SOCKET, SO_LINGER, &none, sizeof none);
  ::shutdown(socket(), SHUT_RDWR);  // what comes later is for nobody
  while (PQconsumeInput(connection_.get()) == 1) {
  }
  throw Error{ErrorKind::disconnected,
              fmt::format("no answer from {} within {} ms", describe(database_), patience(database_).count()),
              {.hint = "the server, or what stands between, is stopped or overloaded", .retryable = true}};
}

void Connection::copy_out(const std::string& sql, std::size_t bytes_max, RowBatch& batch) {
  batch.clear();
  settle();
  const bool may_cancel = !in_transaction();
  const auto start = answer(PQsendQuery(connection_.get(), sql.c_str()), "read by COPY");
  if (PQresultStatus(start.get()) != PGRES_COPY_OUT) throw error_from_result(start.get(), "read by COPY");
  bool cancelled = false;
  char* buffer = nullptr;
  int size = 0;
  while ((size = PQgetCopyData(connection_.get(), &buffer, 1)) >= 0) {
    if (size == 0) {
      if (!await_input()) throw error_from_connection(connection_.get(), "read by COPY");
      continue;
    }
    if (has_room(batch, bytes_max)) {
      batch.add(buffer, size);
      continue;
    }
    if (size > 2) batch.mark_truncated();  // the 2-byte trailer is no row
    PQfreemem(buffer);
    if (batch.truncated() && may_cancel && !std::exchange(cancelled, true)) cancel();
  }
  const auto end = await_end("read by COPY");
  const auto status = PQresultStatus(end.get());
  if (cancelled && is_open() && was_cancelled(end.get())) return;
  if (size == -2 || status != PGRES_COMMAND_OK) throw error_from_result(end.get(), "read by COPY");
}

void Connection::put_copy(const std::string& block) {
  if (PQputCopyData(connection_.get(), block.data(), static_cast<int>(block.size())) != 1) {
    throw error_from_connection(connection_.get(), "write by COPY");
  }
}

void Connection::copy_in(const std::string& sql, const std::function<bool(Params&)>& next) {
  settle();
  const auto start = answer(PQsendQuery(connection_.get(), sql.c_str()), "write by COPY");
  if (PQresultStatus(start.get()) != PGRES_COPY_IN) throw error_from_result(start.get(), "write by COPY");
  try {
    Params row;
    std::string block{wire::copy_signature};
    block.append(8, '\0');  // no flags, no extension
    for (; next(row); row.clear()) {
      row.append_row_to(block);
      if (block.size() < copy_block_bytes) continue;
      put_copy(block);
      block.clear();
    }
    wire::append<std::int16_t>(block, -1);
    put_copy(block);
  } catch (...) {
    PQputCopyEnd(connection_.get(), "the program gave up");
    drain();
    throw;
  }
  PQputCopyEnd(connection_.get(), nullptr);
  const auto end = answer("write by COPY");
  if (PQresultStatus(end.get()) != PGRES_COMMAND_OK) throw error_from_result(end.get(), "write by COPY");
}

void Connection::select_rows(const std::string& name, const std::string& sql, const Params& params,
                             std::size_t bytes_max, RowBatch& batch) {
  batch.clear();
  prepare(name, sql);
  const bool may_cancel = !in_transaction();
  if (send_prepared(connection_.get(), name, params) != 1 || PQsetSingleRowMode(connection_.get()) != 1) {
    throw error_from_connection(connection_.get(), name);
  }
  bool cancelled = false;
  ResultPtr end;
  while (true) {
    if (!await_result() && !end) throw error_from_connection(connection_.get(), name);
    ResultPtr result{PQgetResult(connection_.get())};
    if (!result) break;
    if (PQresultStatus(result.get()) != PGRES_SINGLE_TUPLE) {
      if (!end) end = std::move(result);
    } else if (has_room(batch, bytes_max)) {
      batch.add(*result);
    } else {
      batch.mark_truncated();
      if (may_cancel && !std::exchange(cancelled, true)) cancel();
    }
  }
  if (cancelled && is_open() && was_cancelled(end.get())) return;
  if (PQresultStatus(end.get()) != PGRES_TUPLES_OK) throw error_from_result(end.get(), name);
}

void Connection::send(const std::string& sql) {
  settle();
  if (PQsendQuery(connection_.get(), sql.c_str()) != 1) throw error_from_connection(connection_.get(), summary(sql));
}

bool Connection::finish(std::chrono::milliseconds wait) {
  if (PQisBusy(connection_.get()) != 0) {
    if (!readable(socket(), wait)) return false;
    if (PQconsumeInput(connection_.get()) != 1) throw error_from_connection(connection_.get(), "wait for a lock");
    if (PQisBusy(connection_.get()) != 0) return false;
  }
  const auto end = answer("wait for a lock");
  if (!is_success(end.get())) throw error_from_result(end.get(), "wait for a lock");
  return true;
}

/// The answer to the COPY itself, without waiting for it.
bool Connection::copy_has_begun() {
  if (PQisBusy(connection_.get()) != 0 && PQconsumeInput(connection_.get()) != 1) {
    throw error_from_connection(connection_.get(), "read by COPY");
  }
  if (PQisBusy(connection_.get()) != 0) return false;
  const auto start = answer("read by COPY");
  if (PQresultStatus(start.get()) != PGRES_COPY_OUT) throw error_from_result(start.get(), "read by COPY");
  copying_ = true;
  return true;
}

Connection::Copied Connection::copied() {
  if (!copying_ && !copy_has_begun()) return {};
  char* buffer = nullptr;
  int size = PQgetCopyData(connection_.get(), &buffer, 1);
  if (size == 0) {
    if (PQconsumeInput(connection_.get()) != 1) throw error_from_connection(connection_.get(), "read by COPY");
    size = PQgetCopyData(connection_.get(), &buffer, 1);
  }
  using State = Copied::State;
  Copied out{.state = size == 0 ? State::nothing : State::data,
             .buffer = std::unique_ptr<char, Copied::Free>{buffer},
             .size = static_cast<std::size_t>(std::max(size, 0))};
  if (size >= 0) return out;
  copying_ = false;
  const auto end = answer("read by COPY");
  if (PQresultStatus(end.get()) != PGRES_COMMAND_OK) throw error_from_result(end.get(), "read by COPY");
  out.state = State::end;
  return out;
}

int Connection::notifications(std::chrono::milliseconds wait,
                              const std::function<void(std::string_view, std::string_view)>& visit) {
  settle();  // what follows its answer would not be seen before it is taken
  int count = 0;
  const auto take = [&] {
    while (PGnotify* notification = PQnotifies(connection_.get())) {
      if (visit) visit(notification->relname, notification->extra);
      PQfreemem(notification);
      ++count;
    }
  };
  take();
  if (count == 0 && !readable(socket(), wait)) return 0;
  if (PQconsumeInput(connection_.get()) != 1) throw error_from_connection(connection_.get(), "wait for notifications");
  take();
  return count;
}

bool Connection::is_open() const noexcept { return connection_ && PQstatus(connection_.get()) == CONNECTION_OK; }

bool Connection::is_usable() noexcept {
  if (!is_open() || in_transaction()) return false;
  try {
    settle();
  } catch (const Error&) {
    return false;
  }
  // A server that hung up left a message, then the end of the stream: read until nothing is left or the end shows.
  while (is_open() && readable(socket(), std::chrono::milliseconds{0})) PQconsumeInput(connection_.get());
  return is_open();
}

bool Connection::in_transaction() const noexcept {
  return !posted_ && PQtransactionStatus(connection_.get()) != PQTRANS_IDLE;
}

int Connection::backend_pid() const noexcept { return PQbackendPID(connection_.get()); }
int Connection::socket() const noexcept { return PQsocket(connection_.get()); }
int Connection::server_version() const noexcept { return PQserverVersion(connection_.get()); }

Transaction::Transaction(Connection& connection) : connection_(&connection) { connection.execute("BEGIN"); }

Transaction::~Transaction() {
  if (connection_ == nullptr) return;
  try {
    connection_->execute("ROLLBACK");
  } catch (const Error&) {  // the session is gone, and the transaction with it
  }
}

void Transaction::commit() {
  auto& connection = *std::exchange(connection_, nullptr);
  try {
    connection.execute("COMMIT");
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::disconnected) throw;
    throw Error{
        ErrorKind::in_doubt, error.message(), {.hint = "the commit may have happened: read back before trying again"}};
  }
}

}  // namespace annals::postgres
