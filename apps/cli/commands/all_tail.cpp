#include "cli/commands/all_tail.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <thread>

#include "annals/core/error.hpp"
#include "annals/eventstore/event_tail.hpp"
#include "cli/failure.hpp"
#include "cli/screen/event_report.hpp"
#include "host/process/stop_signals.hpp"
#include "host/text/offered_command.hpp"

namespace annals::cli {
namespace {

using State = eventstore::EventTail::State;

constexpr std::size_t batch_events = 1000;
/// A notification or a signal ends the wait at once; this only bounds a signal that came just before it.
constexpr std::chrono::milliseconds wait_max{500};
/// How often to ask whether an open transaction has ended, and how long without --follow.
constexpr std::chrono::seconds blocked_max{5};

class Tail {
 public:
  Tail(Invocation& invocation, const AllTail& options)
      : options_(options),
        output_(invocation.output),
        tail_(invocation.database),
        report_(invocation.output, invocation.format, EventReport::Columns::of_log),
        doctor_(host::with_options("annals doctor", invocation.command_options)),
        position_(start()) {}

  /// A read that is cut off by the end of all reading fails, and is none that was shown.
  void run() {
    try {
      read_on();
    } catch (const Error&) {
      if (!host::stop_requested()) throw;
    }
    report_.finish();
  }

 private:
  void read_on() {
    while (!host::stop_requested() && left_ > 0) {
      const auto batch = tail_.read(position_, batch_events);
      for (const auto& event : batch) show(event);
      if (!batch.empty()) {
        blocked_since_.reset();
        report_.flush();
      } else if (!go_on(batch.state())) {
        break;
      }
    }
  }

  GlobalPosition start() {
    if (options_.after) return GlobalPosition{*options_.after};
    const auto last = tail_.last_position().value();
    const auto events = static_cast<std::int64_t>(options_.limit.value_or(AllTail::left_events));
    return GlobalPosition{std::max<std::int64_t>(last - events, 0)};
  }

  void show(const RecordedEvent& event) {
    position_ = event.position;
    if (left_ == 0 || (options_.category && event.stream.category() != *options_.category)) return;
    report_.add(event);
    --left_;
  }

  /// Nothing to read: waits for more; false when there is nothing to wait for.
  bool go_on(State state) {
    if (output_.reader_gone()) throw BrokenPipe{};
    if (state == State::blocked) return wait_for_blocker();
    blocked_since_.reset();
    if (!options_.follow) return false;
    (void)tail_.wait(wait_max);
    return true;
  }

  bool wait_for_blocker() {
    const auto now = std::chrono::steady_clock::now();
    if (!blocked_since_) blocked_since_ = now;
    if (options_.follow || now - *blocked_since_ < blocked_max) {
      std::this_thread::sleep_for(tail_.retry_after());
      return true;
    }
    for (const auto& blocker : tail_.blockers()) {
      fmt::print(stderr, "stopped at {}: pid {} ({}, open {}) may still fill the next position; see `{}`\n",
                 position_.value(), blocker.pid, blocker.state, postgres::age_text(blocker), doctor_);
    }
    return false;
  }

  const AllTail& options_;
  Output& output_;
  eventstore::EventTail tail_;
  EventReport report_;
  std::string doctor_;  ///< the command
  GlobalPosition position_;
  std::size_t left_ = options_.after && options_.limit ? *options_.limit : std::numeric_limits<std::size_t>::max();
  std::optional<std::chrono::steady_clock::time_point> blocked_since_;
};

}  // namespace

host::ExitCode tail_log(Invocation& invocation, const AllTail& options) {
  (void)connect_ready(invocation.database);
  Tail{invocation, options}.run();
  return host::ExitCode::ok;
}

}  // namespace annals::cli
