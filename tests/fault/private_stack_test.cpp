#include "support/private_stack.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <thread>

using annals::tests::PrivateStack;
using namespace std::chrono_literals;

namespace {

/// Starts a server in a child, which is then killed as ctest's time-out kills; the folder that the server lived in.
std::filesystem::path folder_of_a_killed_test() {
  std::array<int, 2> ends{};
  EXPECT_EQ(::pipe(ends.data()), 0);
  const auto child = ::fork();
  if (child == 0) {
    const PrivateStack stack{"postgres"};
    const auto begin = stack.address().find("host=") + 5;
    const auto folder = stack.address().substr(begin, stack.address().find('&', begin) - begin);
    const bool told = ::write(ends[1], folder.data(), folder.size()) == static_cast<ssize_t>(folder.size());
    ::kill(::getpid(), told ? SIGKILL : SIGABRT);
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

}  // namespace

TEST(PrivateStack, EndsWithATestThatWasKilled) {
  const auto folder = folder_of_a_killed_test();
  ASSERT_FALSE(folder.empty());
  const auto deadline = std::chrono::steady_clock::now() + 60s;
  while (std::filesystem::exists(folder) && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(50ms);  // nothing else tells that a folder is gone
  }
  EXPECT_FALSE(std::filesystem::exists(folder));
}
