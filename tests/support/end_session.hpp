#pragma once

namespace annals::postgres {
class Connection;
}

namespace annals::tests {

/// Ends the session of server process `pid`, as an operator does, and returns once the process is gone: its locks are free
/// and its socket is closed. pg_terminate_backend() itself waits from version 14 on only. For a server on this machine.
void end_session(postgres::Connection& by, int pid);

}  // namespace annals::tests
