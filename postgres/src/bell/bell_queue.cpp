#include "bell/bell_queue.hpp"

#include <utility>

#include "annals/core/error.hpp"
#include "annals/core/quote.hpp"
#include "annals/postgres/connection.hpp"
#include "annals/postgres/sql_text.hpp"
#include "annals_postgres_sql.hpp"

namespace annals::postgres {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

namespace {

/// After a session was not to be had.
constexpr auto open_again_after = 30s;
/// The server has it in its queue, or has answered, long before.
constexpr int looks_max = 20;

}  // namespace

BellQueue::BellQueue(Connection& reader, std::string bell, milliseconds lease)
    : reader_(reader), bell_(std::move(bell)), lease_(lease) {}

BellQueue::~BellQueue() = default;

bool BellQueue::open() {
  if (session_ && session_->is_usable()) return true;
  if (std::chrono::steady_clock::now() < open_at_) return false;
  try {
    auto database = reader_.database();
    database.statement_timeout = lease_;
    session_ = std::make_unique<Connection>(database);
    if (session_->server_version() >= 140000) {
      // Who waits for a lock does not look whether somebody is still there to be told, unless it is asked to.
      session_->execute("SET idle_session_timeout = " + std::to_string(lease_.count()) +
                        "; SET client_connection_check_interval = '1s'");
    }
    (void)session_->query(std::string{sql::queue_mark});
    return true;
  } catch (const Error&) {  // no slot for one more, say
    give_up();
    return false;
  }
}

void BellQueue::give_up() noexcept {
  session_.reset();
  asked_ = false;
  open_at_ = std::chrono::steady_clock::now() + open_again_after;
}

bool BellQueue::join() {
  if (asked_ && !ended(0ms)) return false;  // what was cancelled has not ended yet
  if (!open()) return false;
  try {
    session_->send(render(sql::queue_join, {{"bell", quote_sql(bell_)}}));
  } catch (const Error&) {
    give_up();
    return false;
  }
  asked_ = true;
  for (int look = 0; look < looks_max && !ended(1ms); ++look) {
    const auto rows = reader_.query_prepared("annals_bell_queue_look", std::string{sql::queue_look},
                                             Params{}.integer(session_->backend_pid()));
    if (rows.boolean(0, 0)) return true;
  }
  leave();
  return false;
}

bool BellQueue::ended(milliseconds wait) {
  try {
    if (!session_->finish(wait)) return false;
  } catch (const Error&) {  // cancelled, timed out, or lost, which is found by the next join()
  }
  asked_ = false;
  return true;
}

bool BellQueue::waiting() { return asked_ && !ended(0ms); }

void BellQueue::leave() {
  if (!asked_) return;
  reader_.post("annals_bell_queue_cancel", std::string{sql::queue_cancel}, Params{}.integer(session_->backend_pid()));
}

}  // namespace annals::postgres
