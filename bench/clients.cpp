#include "clients.hpp"

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "history.hpp"

namespace annals::bench {
namespace {

void repeat(const std::function<void()>& once, const std::atomic<bool>& stop, std::atomic<long>& calls) {
  while (!stop) {
    once();
    ++calls;
  }
}

}  // namespace

double rate(int clients, double seconds, const MakeCall& make_call) {
  std::atomic<bool> stop{false};
  std::atomic<long> calls{0};
  std::vector<std::function<void()>> work;
  work.reserve(static_cast<std::size_t>(clients));
  for (int client = 0; client < clients; ++client) work.push_back(make_call(client));
  const Stopwatch watch;
  {
    std::vector<std::jthread> threads;
    threads.reserve(work.size());
    for (const auto& once : work) threads.emplace_back([&] { repeat(once, stop, calls); });
    std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
    stop = true;
  }
  return static_cast<double>(calls) / watch.seconds();
}

}  // namespace annals::bench
