#include "read/read_ahead.hpp"

#include <utility>

namespace annals::eventstore {

ReadAhead::ReadAhead(Fetch fetch)
    : fetch_(std::move(fetch)), thread_([this](const std::stop_token& stop) { run(stop); }) {}

ReadAhead::~ReadAhead() = default;

std::optional<EventPage> ReadAhead::next() {
  std::unique_lock lock{mutex_};
  changed_.wait(lock, [this] { return ended_ || !pages_.empty(); });
  if (pages_.empty()) {
    if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
    return std::nullopt;
  }
  std::optional page{std::move(pages_.front())};
  pages_.pop_front();
  changed_.notify_one();
  return page;
}

void ReadAhead::run(const std::stop_token& stop) {
  std::exception_ptr failure;
  try {
    fill(stop);
  } catch (...) {
    failure = std::current_exception();
  }
  const std::lock_guard lock{mutex_};
  failure_ = failure;
  ended_ = true;
  changed_.notify_one();
}

void ReadAhead::fill(const std::stop_token& stop) {
  while (true) {
    EventPage page;
    if (!fetch_(page)) return;
    std::unique_lock lock{mutex_};
    if (!changed_.wait(lock, stop, [this] { return pages_.size() < pages_max; })) return;
    pages_.push_back(std::move(page));
    changed_.notify_one();
  }
}

}  // namespace annals::eventstore
