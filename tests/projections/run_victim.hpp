#pragma once
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <string>

namespace annals::tests {

/// Runs the victim; true when it was killed, false when it ended well.
inline bool run_victim(const std::string& what, const std::string& database, const std::string& point, int count) {
  const auto number = std::to_string(count);
  const auto pid = ::fork();
  if (pid == 0) {
    ::execl(ANNALS_PROJECTIONS_VICTIM, ANNALS_PROJECTIONS_VICTIM, what.c_str(), database.c_str(), point.c_str(),
            number.c_str(), nullptr);
    ::_exit(127);
  }
  int status = 0;
  EXPECT_EQ(::waitpid(pid, &status, 0), pid);
  if (WIFSIGNALED(status)) {
    EXPECT_EQ(WTERMSIG(status), SIGKILL);
    return true;
  }
  EXPECT_EQ(WEXITSTATUS(status), 0);
  return false;
}

}  // namespace annals::tests
