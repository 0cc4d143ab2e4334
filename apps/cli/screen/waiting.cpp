#include "cli/screen/waiting.hpp"

#include <fmt/format.h>

#include <chrono>
#include <condition_variable>
#include <mutex>

#include "cli/screen/age.hpp"
#include "cli/screen/status_line.hpp"

namespace annals::cli {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds patience{1};
constexpr std::chrono::milliseconds tick{200};

void count(const std::stop_token& stop, const std::string& text) {
  const auto begin = Clock::now();
  StatusLine line;
  std::mutex mutex;
  std::condition_variable_any stopped;
  std::unique_lock lock{mutex};
  while (!stopped.wait_for(lock, stop, tick, [&] { return stop.stop_requested(); })) {
    const auto age = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begin);
    if (age >= patience) line.show(fmt::format("{}, {}", text, format_age(age)));
  }
}

}  // namespace

Waiting::Waiting(std::string text)
    : thread_([text = std::move(text)](const std::stop_token& stop) { count(stop, text); }) {}

}  // namespace annals::cli
