#pragma once
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>

#include "annals/postgres/database.hpp"
#include "annals/postgres/params.hpp"
#include "annals/postgres/result.hpp"

struct pg_conn;

namespace annals::postgres {

class CommitWatch;
class RowBatch;

/// One libpq session that Annals owns, for what must be fast or must hold a session lock: appends of their own, long
/// reads, leases, LISTEN. A caller's transactions stay with libpqxx.
///
/// Lifecycle      opened by the constructor; closed by the destructor; never reconnects: after Error{disconnected} throw
///                it away.
/// Thread safety  none: one thread at a time.
/// Names          search_path is pg_catalog alone: name the schema of every table, public too.
/// Errors         annals::Error {disconnected, failed, overloaded, …} with the SQLSTATE; {in_doubt} from a statement whose
///                commit a synchronous standby did not confirm because the wait was canceled.
/// Limits         every statement is bounded by database.statement_timeout; a dead peer is noticed by TCP keepalives,
///                within database.ownership_lease; one that is alive and says nothing, or takes no cancellation of a read that
///                has enough, when both have passed (0: never). A thread of its own asks for a cancellation, and stays
///                until it is answered.
class Connection {
 public:
  explicit Connection(const Database& database);
  ~Connection();
  Connection(Connection&&) noexcept;
  Connection& operator=(Connection&&) noexcept;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// One or more statements without parameters or rows: DDL, BEGIN, SET, LISTEN.
  void execute(const std::string& sql);
  /// One statement, parameters and rows in binary form.
  Result query(const std::string& sql, const Params& params = {});
  /// The same, prepared on first use under `name` in this session.
  Result query_prepared(const std::string& name, const std::string& sql, const Params& params = {});
  /// Runs "COPY (…) TO STDOUT (FORMAT binary)" and keeps its rows, up to the one that reaches `bytes_max` bytes.
  /// Were there more, batch.truncated() says so, and the statement is cancelled: only what was on its way is read and
  /// dropped. Inside a transaction, which a cancelled statement would fail, all is read and dropped.
  void copy_out(const std::string& sql, std::size_t bytes_max, RowBatch& batch);
  /// Runs "COPY … FROM STDIN (FORMAT binary)" with the rows that `next` puts into the Params that it is given empty, until it
  /// returns false. When it throws, the COPY is given up, and with it the transaction.
  void copy_in(const std::string& sql, const std::function<bool(Params& row)>& next);
  /// The rows of copy_out() by a SELECT that is prepared on first use under `name`: cheaper to begin, dearer a row. For few rows.
  void select_rows(const std::string& name, const std::string& sql, const Params& params, std::size_t bytes_max,
                   RowBatch& batch);

  /// Sends one statement, outside a transaction, whose rows nobody wants, and returns at once; prepared on first use under `name`.
  /// Whatever is called next takes its answer first, and throws what it threw.
  void post(const std::string& name, const std::string& sql, const Params& params = {});

  /// Starts a statement and returns at once; finish() waits for it.
  void send(const std::string& sql);
  /// True when the statement begun with send() has ended; waits at most `wait`. Throws what the statement threw.
  [[nodiscard]] bool finish(std::chrono::milliseconds wait);
  /// What has come of a "COPY (…) TO STDOUT (FORMAT binary)" that was begun with send().
  struct Copied {
    enum class State {
      nothing,  ///< not yet
      data,     ///< a row, or what COPY writes before the first and behind the last one
      end,      ///< that was all, and the statement has ended
    };
    struct Free {
      void operator()(char* buffer) const noexcept;
    };
    State state = State::nothing;
    std::unique_ptr<char, Free> buffer = {};  ///< as libpq received it
    std::size_t size = 0;
  };
  /// Never waits for more than the end of a statement that has sent all its rows. Throws what the statement threw.
  [[nodiscard]] Copied copied();

  /// Calls `visit` for each notification that has arrived; waits at most `wait` for the first. Returns how many.
  int notifications(std::chrono::milliseconds wait,
                    const std::function<void(std::string_view channel, std::string_view payload)>& visit = {});

  [[nodiscard]] bool is_open() const noexcept;
  /// Open, outside a transaction, and the server has not hung up meanwhile; asks the socket, not the server.
  [[nodiscard]] bool is_usable() noexcept;
  [[nodiscard]] bool in_transaction() const noexcept;
  [[nodiscard]] int backend_pid() const noexcept;
  [[nodiscard]] int socket() const noexcept;
  [[nodiscard]] int server_version() const noexcept;  ///< 150004 for 15.4
  [[nodiscard]] const Database& database() const noexcept { return database_; }

 private:
  struct Clear {
    void operator()(pg_result* result) const noexcept;
  };
  using ResultPtr = std::unique_ptr<pg_result, Clear>;
  [[nodiscard]] bool becomes_readable(std::chrono::milliseconds wait);
  [[nodiscard]] bool await_input();
  [[nodiscard]] bool await_result();
  [[nodiscard]] ResultPtr await_end(std::string_view what);
  [[nodiscard]] ResultPtr answer(std::string_view what);
  [[nodiscard]] ResultPtr answer(int sent, std::string_view what);
  void prepare(const std::string& name, const std::string& sql);
  void settle();
  struct Finish {
    void operator()(pg_conn* connection) const noexcept;
  };
  void put_copy(const std::string& block);
  [[nodiscard]] bool copy_has_begun();
  void drain() noexcept;
  void cancel();
  [[noreturn]] void give_up();
  Database database_;
  std::unique_ptr<pg_conn, Finish> connection_;
  std::unique_ptr<CommitWatch> commits_;
  std::unordered_set<std::string> prepared_;
  bool posted_ = false;   // a statement was posted whose answer nobody has taken
  bool copying_ = false;  // rows of a COPY that was begun with send() are coming
};

/// Begins a transaction on `connection` and rolls it back unless commit() was called.
///
/// commit() throws Error{in_doubt} when the connection was lost while committing, and when a synchronous standby did not
/// confirm because the wait was canceled.
class Transaction {
 public:
  explicit Transaction(Connection& connection);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  void commit();

 private:
  Connection* connection_;
};

}  // namespace annals::postgres
