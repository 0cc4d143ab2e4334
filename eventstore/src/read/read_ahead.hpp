#pragma once
#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

#include "read/event_page.hpp"

namespace annals::eventstore {

/// Fetches pages in a thread of its own while the caller works on those before, at most two ahead of him.
///
/// Lifecycle      construct (the thread starts) -> next() until there are no more -> destroy, at any time: waits for the
///                fetch that is under way.
/// Thread safety  one caller.
/// Errors         next() throws what a fetch threw, after the pages before it.
class ReadAhead {
 public:
  /// Fills the page; false when there is nothing more. Called by one thread only.
  using Fetch = std::function<bool(EventPage&)>;

  explicit ReadAhead(Fetch fetch);
  ~ReadAhead();
  ReadAhead(const ReadAhead&) = delete;
  ReadAhead& operator=(const ReadAhead&) = delete;

  [[nodiscard]] std::optional<EventPage> next();

 private:
  void run(const std::stop_token& stop);
  void fill(const std::stop_token& stop);

  static constexpr std::size_t pages_max = 2;

  Fetch fetch_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<EventPage> pages_;
  bool ended_ = false;
  std::exception_ptr failure_;
  std::jthread thread_;  // last: it uses all of the above
};

}  // namespace annals::eventstore
