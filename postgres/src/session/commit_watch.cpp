#include "session/commit_watch.hpp"

#include <string_view>
#include <utility>

namespace annals::postgres {

CommitWatch::CommitWatch(pg_conn* connection)
    : connection_(connection), before_(PQsetNoticeReceiver(connection, receive, this)) {}

// libpq's own receiver, the only one there is beside this, takes no argument.
CommitWatch::~CommitWatch() { PQsetNoticeReceiver(connection_, before_, nullptr); }

void CommitWatch::receive(void* self, const pg_result* notice) {
  auto& watch = *static_cast<CommitWatch*>(self);
  // The function that warns; the text is in the server's language, and the warning has no code of its own.
  const char* function = PQresultErrorField(notice, PG_DIAG_SOURCE_FUNCTION);
  if (function != nullptr && std::string_view{function} == "SyncRepWaitForLSN") watch.unreplicated_ = true;
  if (watch.before_ != nullptr) watch.before_(nullptr, notice);
}

void CommitWatch::require_replicated() {
  if (!std::exchange(unreplicated_, false)) return;
  throw Error{
      ErrorKind::in_doubt,
      "the commit happened on this server, but its synchronous standby did not confirm it: the wait was canceled",
      {.hint = "a failover may lose it: read back before trying again"}};
}

}  // namespace annals::postgres
