#include "cli/transfer/events_export.hpp"

#include <fmt/format.h>

#include "annals/core/text.hpp"
#include "annals/eventstore/event_store.hpp"
#include "annals/eventstore/event_tail.hpp"
#include "annals/json/event_text.hpp"
#include "cli/failure.hpp"
#include "cli/screen/progress.hpp"
#include "cli/transfer/export_file.hpp"
#include "host/process/stop_signals.hpp"
#include "host/text/terminal.hpp"

namespace annals::cli {
namespace {

constexpr std::size_t page_events = 1000;

class Export {
 public:
  Export(const postgres::Database& database, const ExportOptions& options)
      : options_(options), store_(database), file_(options.path), progress_("exporting", !on_terminal_) {
    last_ = eventstore::EventTail{database}.last_position();
  }

  void run() {
    options_.stream ? write_stream() : write_log();
    throw_if_stopped();
    file_.finish();
  }
  [[nodiscard]] std::vector<Cell> cells() const {
    return {cell(static_cast<std::int64_t>(count_)),
            cell(std::chrono::duration_cast<std::chrono::milliseconds>(progress_.elapsed()).count())};
  }
  [[nodiscard]] std::string summary() const {
    return fmt::format("exported {} events in {:.1f} s", count_, progress_.elapsed().count());
  }

 private:
  void write_log() {
    store_.read_all(GlobalPosition{options_.after}, [&](const RecordedEvent& event) {
      write(event);
      return !host::stop_requested();
    });
  }

  void write_stream() {
    const StreamName name{*options_.stream};
    if (!store_.head(name)) throw no_such_stream(*options_.stream);
    StreamVersion from{1};
    while (!host::stop_requested()) {
      const auto events = store_.read_stream(name, {.from = from, .limit = page_events});
      if (events.empty()) return;
      for (const auto& event : events) write(event);
      from = events.back().version.next();
    }
  }

  void write(const RecordedEvent& event) {
    if (event.position.value() <= options_.after) return;
    progress_.show(count_, static_cast<double>(event.position.value() - options_.after) /
                               static_cast<double>(last_.value() - options_.after + 1));
    if (options_.category && event.stream.category() != *options_.category) return;
    auto line = json::event_text(event);
    if (on_terminal_) line = without_terminal_controls(line);
    line += '\n';
    file_.write(line);
    ++count_;
  }

  const ExportOptions& options_;
  const bool on_terminal_ = (options_.path.empty() || options_.path == "-") && host::is_terminal(stdout);
  eventstore::EventStore store_;
  ExportFile file_;
  Progress progress_;
  GlobalPosition last_;
  std::size_t count_ = 0;
};

}  // namespace

host::ExitCode export_events(Invocation& invocation, const ExportOptions& options) {
  (void)connect_ready(invocation.database);
  std::string summary;
  std::vector<Cell> cells;
  {
    Export work{invocation.database, options};
    work.run();
    summary = work.summary();
    cells = work.cells();
  }
  if (options.path.empty() || options.path == "-") return host::ExitCode::ok;
  if (invocation.format == Format::table) {
    fmt::print(stderr, "{}\n", summary);
  } else {
    print_object(invocation.output, invocation.format, {{"exported"}, {"duration_ms"}}, std::move(cells));
  }
  return host::ExitCode::ok;
}

}  // namespace annals::cli
