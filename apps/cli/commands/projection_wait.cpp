#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "annals/core/error.hpp"
#include "annals/core/quote.hpp"
#include "annals/core/text.hpp"
#include "annals/eventstore/event_tail.hpp"
#include "annals/projections/status.hpp"
#include "cli/commands/projection.hpp"
#include "cli/failure.hpp"
#include "cli/screen/progress.hpp"
#include "host/process/stop_signals.hpp"

namespace annals::cli {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds look_again{200};

/// To be pasted. It only waits: the command that was given may also have asked for a reset, and would ask again.
std::string wait_again(const ProjectionName& name, const std::string& schema) {
  const auto version = name.version == 1 ? "" : fmt::format(" --projection-version {}", name.version);
  return fmt::format("`annals projection wait {}{}{}`", quote_shell(name.name), version,
                     postgres::schema_option(schema));
}

Failure interrupted_wait(const ProjectionName& name, const std::string& schema) {
  return {host::ExitCode::interrupted, fmt::format("interrupted; projection {} goes on without this", label(name)),
          wait_again(name, schema) + " waits for it"};
}

class CatchingUp {
 public:
  CatchingUp(Invocation& invocation, const ProjectionWait& name)
      : name_(name),
        schema_(invocation.database.schema),
        connection_(connect_ready(invocation.database)),
        end_(eventstore::EventTail{invocation.database}.last_position()),
        status_(look()),
        begin_(status_.position),
        progress_(fmt::format("{} has applied", printable(name.name))) {}

  /// Until the read model holds what the log had when the wait began; what there is to print then.
  std::vector<Cell> run() {
    while (!is_there()) {
      if (host::stop_requested()) throw interrupted_wait(name_, schema_);
      require_owner();
      show();
      std::this_thread::sleep_for(look_again);
      status_ = look();
    }
    return {cell(name_.name), cell(std::int64_t{name_.version}), cell(status_.position.value()),
            cell(status_.lag_events),
            cell(std::chrono::duration_cast<std::chrono::milliseconds>(progress_.elapsed()).count())};
  }

 private:
  [[nodiscard]] projections::ProjectionStatus look() {
    for (auto& status : projections::list_projections(connection_, schema_)) {
      if (status.name == name_.name && status.version == name_.version) return std::move(status);
    }
    throw no_such_projection(name_);
  }
  [[nodiscard]] bool is_there() const {
    return !status_.reset_requested && (status_.position >= end_ || status_.lag_events == 0);
  }
  void require_owner() {
    const auto now = Clock::now();
    if (status_.owner_pid != 0) owned_ = now;
    if (now - owned_ < std::chrono::seconds{name_.ownerless_max_s}) return;
    throw Failure{host::ExitCode::unavailable, fmt::format("nobody runs projection {}", label(name_)),
                  fmt::format("start the service that runs it, then {}; `annals projection list` shows its owner",
                              wait_again(name_, schema_))};
  }
  void show() {
    if (status_.reset_requested) return;
    begin_ = std::min(begin_, status_.position);  // it was reset meanwhile
    const auto done = status_.position.value() - begin_.value();
    const auto all = std::max<std::int64_t>(end_.value() - begin_.value(), 1);
    progress_.show(static_cast<std::size_t>(done), static_cast<double>(done) / static_cast<double>(all));
  }

  const ProjectionWait& name_;
  const std::string schema_;
  postgres::Connection connection_;
  const GlobalPosition end_;
  projections::ProjectionStatus status_;
  GlobalPosition begin_;
  Progress progress_;
  Clock::time_point owned_ = Clock::now();
};

}  // namespace

host::ExitCode wait_for_projection(Invocation& invocation, const ProjectionWait& options) {
  std::vector<Cell> cells;
  try {
    cells = CatchingUp{invocation, options}.run();
  } catch (const Error&) {
    if (host::stop_requested()) throw interrupted_wait(options, invocation.database.schema);
    throw;
  }
  print_object(invocation.output, invocation.format,
               {{"projection"}, {"version"}, {"position"}, {"lag"}, {"duration_ms"}}, cells);
  return host::ExitCode::ok;
}

}  // namespace annals::cli
