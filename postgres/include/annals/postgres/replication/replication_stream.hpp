#pragma once
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "annals/postgres/database.hpp"
#include "annals/postgres/replication/lsn.hpp"

struct pg_conn;

namespace annals::postgres {

/// What a walsender sends of a logical slot, as its plugin pgoutput writes it: binary values, protocol version 1, a
/// transaction as a whole when it has committed, transactions in the order of their commits.
///
/// Lifecycle      the constructor opens a session of its own and starts the stream -> next(), wait(), keep_alive() ->
///                destroy. Never reconnects.
/// Thread safety  none.
/// Errors         Error{disconnected}: throw it away; Error{overloaded}: another session reads the slot, or the server did
///                not answer in time; Error{corrupt}: what came is no frame of the protocol; else what the server said.
/// Limits         next() and keep_alive() do not wait. One change is in memory as a whole, and at most 64 KB of what comes
///                after it; the server keeps the rest, and its own memory is bounded by logical_decoding_work_mem. The
///                server ends a stream that says nothing for its wal_sender_timeout: call keep_alive() every second or so.
class ReplicationStream {
 public:
  struct Options {
    std::string slot;         ///< a plain identifier
    std::string publication;  ///< a plain identifier
    Lsn start;                ///< transactions that ended before are not sent; the slot's own mark, if that is later
    bool messages = false;    ///< pg_logical_emit_message, too: PostgreSQL 14
    /// How often the server is told what is confirmed, when nothing else is to be said; below wal_sender_timeout.
    std::chrono::milliseconds status_interval{1'000};
    std::chrono::milliseconds start_timeout{10'000};
  };
  /// One message of the plugin, in the memory that libpq received it in.
  class Change {
   public:
    Change(char* libpq_buffer, std::string_view bytes) noexcept : buffer_(libpq_buffer), bytes_(bytes) {}
    [[nodiscard]] std::string_view bytes() const noexcept { return bytes_; }

   private:
    struct Free {
      void operator()(char* buffer) const noexcept;
    };
    std::unique_ptr<char, Free> buffer_;
    std::string_view bytes_;
  };

  ReplicationStream(const Database& database, Options options);
  ~ReplicationStream();
  ReplicationStream(const ReplicationStream&) = delete;
  ReplicationStream& operator=(const ReplicationStream&) = delete;

  /// The next change that has arrived. Nothing: none has.
  [[nodiscard]] std::optional<Change> next();
  /// Waits at most `wait_max` until something arrives; false: nothing did.
  [[nodiscard]] bool wait(std::chrono::milliseconds wait_max);
  /// The server has sent all that there is for this stream up to here, and next() has given it.
  [[nodiscard]] Lsn passed() const noexcept { return passed_; }
  /// From now on the server is told that it need not keep what ends at or before `lsn`. Only forward.
  void confirm(Lsn lsn) noexcept;
  [[nodiscard]] Lsn confirmed() const noexcept { return confirmed_; }
  /// Tells the server that this side lives, and what is confirmed, when that is due. Takes in nothing.
  void keep_alive();

 private:
  struct Finish {
    void operator()(pg_conn* connection) const noexcept;
  };
  void start();
  void await_start();
  [[nodiscard]] std::optional<Change> take(char* buffer, int size);
  void take_keepalive(std::string_view frame);
  void send_status();
  [[noreturn]] void fail_at_end();

  Options options_;
  std::unique_ptr<pg_conn, Finish> connection_;
  Lsn passed_;
  Lsn confirmed_;
  bool status_wanted_ = false;  // the server asked, or something new is confirmed
  std::chrono::steady_clock::time_point status_at_;
};

}  // namespace annals::postgres
