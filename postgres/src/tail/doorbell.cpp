// The doorbell.
//
// NOTIFY takes a database-wide lock at commit, so an appender must not notify unless somebody waits. The bell is one
// advisory lock:
//   appender  tries it shared, for its transaction. Got it: nobody waits, no NOTIFY. Refused: somebody holds or queues for
//             the exclusive lock, so NOTIFY (delivered when the appender commits).
//   reader    when a read found nothing: requests it exclusively, LISTENing already; when it has it, reads once more, and
//             then waits for a notification.
//
// No wake-up is lost. Take an appender A that commits a row after the reader's last read. Either A tried the bell before
// the reader's request was queued: then A holds it shared until after its commit is visible, the reader gets it only
// later, and the read that follows ("armed") sees the row. Or A tried after: then it was refused (a queued exclusive
// request refuses shared tries as well), so it notifies, and the reader, which has been LISTENing all along, wakes.
//
// Several readers queue for the lock; all of them LISTEN, so all wake. The request waits in a session of its own, so that
// the reader's session stays free to be notified and to poll; it needs no lock timeout, because nothing depends on it.
#include "annals/postgres/doorbell.hpp"

#include <fmt/format.h>
#include <poll.h>

#include <array>

namespace annals::postgres {
namespace {

Database patient(Database database) {
  database.statement_timeout = std::chrono::milliseconds{0};
  database.lock_timeout = std::chrono::milliseconds{0};
  database.application_name += "-bell";
  return database;
}

void wait_readable(int first, int second, std::chrono::milliseconds wait) {
  std::array<pollfd, 2> sockets{pollfd{.fd = first, .events = POLLIN, .revents = 0},
                                pollfd{.fd = second, .events = POLLIN, .revents = 0}};
  ::poll(sockets.data(), sockets.size(), static_cast<int>(wait.count()));
}

constexpr std::chrono::milliseconds no_wait{0};

}  // namespace

Doorbell::Doorbell(Connection& reader, const LogTable& table)
    : reader_(reader), lock_session_(patient(reader.database())), key_(table.bell) {
  reader_.execute("LISTEN " + table.channel);
}

Doorbell::Wake Doorbell::wait(std::chrono::milliseconds wait) {
  if (lock_ == Lock::released) request();
  if (acquired_now()) return Wake::armed;
  if (rung()) return Wake::rung;
  wait_readable(reader_.socket(), lock_session_.socket(), wait);
  if (rung()) return Wake::rung;
  return acquired_now() ? Wake::armed : Wake::timed_out;
}

bool Doorbell::rung() {
  if (reader_.notifications(no_wait) == 0) return false;
  release();
  return true;
}

void Doorbell::rest() {
  (void)acquired_now();  // a request that was queued may have been granted meanwhile
  release();
  (void)reader_.notifications(no_wait);
}

void Doorbell::request() {
  lock_session_.send(fmt::format("SELECT pg_advisory_lock({})", key_));
  lock_ = Lock::requested;
}

bool Doorbell::acquired_now() {
  if (lock_ != Lock::requested || !lock_session_.finish(no_wait)) return false;
  lock_ = Lock::held;
  return true;
}

void Doorbell::release() {
  if (lock_ != Lock::held) return;  // a queued request may stay: it keeps appenders ringing
  lock_session_.execute(fmt::format("SELECT pg_advisory_unlock({})", key_));
  lock_ = Lock::released;
}

}  // namespace annals::postgres
