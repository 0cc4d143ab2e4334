#include "support/private_stack.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <thread>

#include "support/replica.hpp"
#include "support/temp_database.hpp"

using annals::tests::PrivateStack;
using namespace std::chrono_literals;

namespace {

std::string host_of(const std::string& conninfo) {
  const auto begin = conninfo.find("host=") + 5;
  return conninfo.substr(begin, conninfo.find_first_of("& ", begin) - begin);
}

/// Has a child start a server and say where, then killed as ctest's time-out kills; the folder that the server lived in.
template <class Start>
std::filesystem::path folder_of_a_killed_test(const Start& start) {
  std::array<int, 2> ends{};
  EXPECT_EQ(::pipe(ends.data()), 0);
  const auto child = ::fork();
  if (child == 0) {
    start([&](const std::string& folder) {
      const bool told = ::write(ends[1], folder.data(), folder.size()) == static_cast<ssize_t>(folder.size());
      ::kill(::getpid(), told ? SIGKILL : SIGABRT);
    });
  }
  ::close(ends[1]);
  std::array<char, 4096> text{};
  const auto size = ::read(ends[0], text.data(), text.size());
  ::close(ends[0]);
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
  return std::string{text.data(), size > 0 ? static_cast<std::size_t>(size) : 0};
}

void expect_gone(const std::filesystem::path& folder) {
  ASSERT_FALSE(folder.empty());
  const auto deadline = std::chrono::steady_clock::now() + 60s;
  while (std::filesystem::exists(folder) && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(50ms);  // nothing else tells that a folder is gone
  }
  EXPECT_FALSE(std::filesystem::exists(folder));
}

}  // namespace

TEST(PrivateStack, EndsWithATestThatWasKilled) {
  expect_gone(folder_of_a_killed_test([](const auto& tell) {
    const PrivateStack stack{"postgres"};
    tell(host_of(stack.address()));
  }));
}

TEST(Replica, EndsWithATestThatWasKilled) {
  const auto primary = annals::tests::required_env("ANNALS_DATABASE");
  expect_gone(folder_of_a_killed_test([&](const auto& tell) {
    const annals::tests::Replica replica{primary};
    tell(host_of(replica.database({}, "postgres").conninfo));
  }));
}
