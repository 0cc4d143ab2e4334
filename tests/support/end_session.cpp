#include "support/end_session.hpp"

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <string>
#include <system_error>

#include "annals/postgres/connection.hpp"
#include "annals/postgres/params.hpp"

namespace annals::tests {
namespace {

constexpr int deadline_ms = 10000;

/// A process to wait for, which the kernel never takes for a later one with its id.
class Process {
 public:
  // By its number: glibc 2.36 declares pidfd_open() for C only.
  explicit Process(int pid) : handle_(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))) {
    if (handle_ < 0) throw std::system_error{errno, std::generic_category(), "no process " + std::to_string(pid)};
  }
  ~Process() { ::close(handle_); }
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  [[nodiscard]] bool ends_in_time() const {
    pollfd wait{.fd = handle_, .events = POLLIN, .revents = 0};
    return ::poll(&wait, 1, deadline_ms) == 1;
  }

 private:
  int handle_;
};

}  // namespace

void end_session(postgres::Connection& by, int pid) {
  const Process server{pid};
  const auto told = by.query("SELECT pg_terminate_backend($1::int)", postgres::Params{}.integer(pid));
  if (!told.boolean(0, 0) || !server.ends_in_time())
    throw std::runtime_error{"session " + std::to_string(pid) + " lives on"};
}

}  // namespace annals::tests
