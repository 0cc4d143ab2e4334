#include "cli/transfer/events_import.hpp"

#include <fmt/format.h>

#include <set>
#include <vector>

#include "annals/core/error.hpp"
#include "annals/json/event_line.hpp"
#include "annals/json/scanner.hpp"
#include "cli/failure.hpp"
#include "cli/screen/progress.hpp"
#include "cli/transfer/import_transaction.hpp"
#include "cli/transfer/line_source.hpp"
#include "host/process/stop_signals.hpp"

namespace annals::cli {
namespace {

/// Events and bytes of one statement: enough to make round trips cheap, little enough to keep memory flat.
constexpr std::size_t batch_events_max = 1000;
constexpr std::size_t batch_bytes_max = 8U << 20U;

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

bool is_blank(std::string_view line) { return line.find_first_not_of(" \t\r") == std::string_view::npos; }

class Import {
 public:
  Import(const postgres::Database& database, const ImportOptions& options)
      : options_(options), lines_(options.path), transaction_(database), progress_("importing") {}

  void run();
  /// What was done, for people or for programs; before commit(), because it asks the database.
  [[nodiscard]] std::string summary();
  [[nodiscard]] std::vector<Cell> cells();
  void commit() {
    if (!options_.dry_run) transaction_.commit();
  }

 private:
  using Place = std::pair<std::string, StreamVersion>;

  void take(std::string_view line);
  void add(eventstore::ImportedEvent event);
  void flush();
  [[nodiscard]] eventstore::ImportedEvent read(std::string_view line) const;
  [[nodiscard]] Failure at_line(const Failure& cause) const { return at_line(lines_.line_number(), cause); }
  [[nodiscard]] Failure at_line(std::size_t number, const Failure& cause) const;
  [[nodiscard]] Failure blame(const Error& error) const;

  const ImportOptions& options_;
  LineSource lines_;
  ImportTransaction transaction_;
  Progress progress_;
  std::vector<eventstore::ImportedEvent> batch_;
  std::vector<std::size_t> batch_lines_;
  std::set<Place> batch_places_;
  std::size_t batch_bytes_ = 0;
  eventstore::ImportReport total_;
};

Failure Import::at_line(std::size_t number, const Failure& cause) const {
  return {cause.code(), fmt::format("{}:{}: {}; nothing was imported", lines_.name(), number, cause.what()),
          cause.hint()};
}

/// The store names the event that is out of place by its id and version; find its line.
Failure Import::blame(const Error& error) const {
  auto failure = to_failure(error);
  for (std::size_t i = 0; i < batch_.size(); ++i) {
    const auto& event = batch_[i];
    if (!event.version) continue;
    const auto named = fmt::format("event {} wants version {} of", event.event.id.to_string(), event.version->value());
    if (!error.message().starts_with(named)) continue;
    return at_line(batch_lines_[i], {host::ExitCode::conflict, error.message(),
                                     "import into an empty store, or append at the end with --ignore-versions"});
  }
  return {failure.code(),
          fmt::format("{}:{}-{}: {}; nothing was imported", lines_.name(), batch_lines_.front(), batch_lines_.back(),
                      failure.what()),
          failure.hint()};
}

void Import::flush() {
  if (batch_.empty()) return;
  try {
    const auto report = transaction_.add(batch_);
    total_.imported += report.imported;
    total_.already_present += report.already_present;
    total_.streams += report.streams;
  } catch (const Error& error) {
    throw blame(error);
  }
  batch_.clear();
  batch_lines_.clear();
  batch_places_.clear();
  batch_bytes_ = 0;
  progress_.show(total_.imported + total_.already_present, lines_.fraction_read());
}

void Import::add(eventstore::ImportedEvent event) {
  if (options_.ignore_versions) event.version.reset();
  // A line that is there twice is new the first time and already present the second: that takes two statements.
  if (event.version && !batch_places_.emplace(event.stream.str(), *event.version).second) {
    flush();
    batch_places_.emplace(event.stream.str(), *event.version);
  }
  batch_bytes_ += byte_size(event.event);
  batch_.push_back(std::move(event));
  batch_lines_.push_back(lines_.line_number());
  if (batch_.size() >= batch_events_max || batch_bytes_ >= batch_bytes_max) flush();
}

void Import::take(std::string_view line) {
  if (lines_.line_number() == 1 && line.starts_with(byte_order_mark)) line.remove_prefix(byte_order_mark.size());
  if (is_blank(line)) return;
  add(read(line));
}

eventstore::ImportedEvent Import::read(std::string_view line) const {
  try {
    auto parsed = json::read_event_line(line);
    return {.stream = std::move(parsed.stream), .event = std::move(parsed.event), .version = parsed.version};
  } catch (const json::Malformed& error) {
    throw at_line({host::ExitCode::usage, fmt::format("byte {}: {}", error.offset() + 1, error.what()),
                   "every line must be one JSON object in UTF-8"});
  } catch (const Error& error) {
    throw at_line(to_failure(error));
  }
}

void Import::run() {
  std::string_view line;
  while (lines_.next(line)) {
    throw_if_stopped();
    take(line);
  }
  flush();
  throw_if_stopped();
}

std::string Import::summary() {
  const auto seconds = progress_.elapsed().count();
  return fmt::format("{} {} events into {} streams ({} already present) in {:.1f} s ({}/s)\n",
                     options_.dry_run ? "would import" : "imported", total_.imported, total_.streams,
                     total_.already_present, seconds,
                     static_cast<std::size_t>(static_cast<double>(total_.imported) / seconds));
}

std::vector<Cell> Import::cells() {
  const auto count = [](std::size_t number) { return cell(static_cast<std::int64_t>(number)); };
  return {count(total_.imported), count(total_.already_present), count(total_.streams), cell(options_.dry_run),
          cell(std::chrono::duration_cast<std::chrono::milliseconds>(progress_.elapsed()).count())};
}

}  // namespace

host::ExitCode import_events(Invocation& invocation, const ImportOptions& options) {
  host::stop_on_signals();
  (void)connect_ready(invocation.database);
  const bool table = invocation.format == Format::table;
  std::string summary;
  std::vector<Cell> cells;
  {
    Import import{invocation.database, options};
    import.run();
    table ? void(summary = import.summary()) : void(cells = import.cells());
    import.commit();
  }
  if (!table) {
    print_object(invocation.output, invocation.format,
                 {{"imported"}, {"already_present"}, {"streams"}, {"dry_run"}, {"duration_ms"}}, std::move(cells));
    return host::ExitCode::ok;
  }
  invocation.output.write(summary);
  invocation.output.flush();
  return host::ExitCode::ok;
}

}  // namespace annals::cli
