#pragma once
#include <libpq-fe.h>

#include "annals/core/error.hpp"

namespace annals::postgres {

/// Notices on one libpq connection that a commit came back without the confirmation of the synchronous standby it waited
/// for, because somebody canceled the wait. The server sends a warning and then reports success; yet the transaction may be
/// lost with this server, so the commit is in doubt. Other notices go where they went before.
///
/// Lifecycle      watches from construction to destruction, within the connection's life. Not movable: libpq knows its
///                address.
class CommitWatch {
 public:
  explicit CommitWatch(pg_conn* connection);
  ~CommitWatch();
  CommitWatch(const CommitWatch&) = delete;
  CommitWatch& operator=(const CommitWatch&) = delete;

  /// Throws Error{in_doubt} when that happened since the last call.
  void require_replicated();

 private:
  static void receive(void* self, const pg_result* notice);

  pg_conn* connection_;
  PQnoticeReceiver before_;
  bool unreplicated_ = false;
};

}  // namespace annals::postgres
