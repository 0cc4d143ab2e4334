#pragma once
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "annals/postgres/database.hpp"
#include "annals/postgres/replication/change_feed.hpp"
#include "annals/postgres/replication/lsn.hpp"

struct pg_conn;

namespace annals::postgres {

/// What a walsender sends of a logical slot, change by change, as soon as it is committed.
///
/// Lifecycle      the constructor opens a session of its own and starts the stream -> next(), wait(), keep_alive() ->
///                destroy. Never reconnects.
/// Thread safety  none.
/// Errors         Error{disconnected}: throw it away; Error{overloaded}: another session reads the slot, or the server did
///                not answer in time; Error{corrupt}: what came is no frame of the protocol; else what the server said.
/// Limits         next() and keep_alive() do not wait. One change is in memory as a whole, and at most 64 KB of what comes
///                after it; the server keeps the rest, and its own memory is bounded by logical_decoding_work_mem. The
///                server ends a stream that says nothing for its wal_sender_timeout: call keep_alive() every second or so.
class ReplicationStream final : public ChangeFeed {
 public:
  struct Options {
    std::string slot;         ///< a plain identifier
    std::string publication;  ///< a plain identifier
    Lsn start;                ///< transactions that ended before are not sent; the slot's own mark, if that is later
    Lsn confirmed = {};       ///< what is known to be confirmed; it may be far behind `start`
    bool messages = false;    ///< pg_logical_emit_message, too: PostgreSQL 14
    ValueForm values = ValueForm::binary;
    /// How often the server is told what is confirmed, when nothing else is to be said; below wal_sender_timeout.
    std::chrono::milliseconds status_interval{1'000};
    std::chrono::milliseconds start_timeout{10'000};
  };

  ReplicationStream(const Database& database, Options options);
  ~ReplicationStream() override;
  ReplicationStream(const ReplicationStream&) = delete;
  ReplicationStream& operator=(const ReplicationStream&) = delete;

  [[nodiscard]] std::optional<Change> next() override;
  [[nodiscard]] bool wait(std::chrono::milliseconds wait_max) override;
  [[nodiscard]] Lsn passed() const noexcept override { return passed_; }
  void confirm(Lsn lsn) noexcept override;
  void keep_alive() override;

 private:
  struct Finish {
    void operator()(pg_conn* connection) const noexcept;
  };
  void start();
  void set_forms();
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
