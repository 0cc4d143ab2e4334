#include "cli/transfer/events_import.hpp"

#include <fmt/format.h>

#include <utility>

#include "annals/core/error.hpp"
#include "annals/json/event_line.hpp"
#include "annals/json/scanner.hpp"
#include "cli/failure.hpp"
#include "cli/screen/progress.hpp"
#include "cli/transfer/chunk_writer.hpp"
#include "cli/transfer/line_source.hpp"
#include "host/process/stop_signals.hpp"

namespace annals::cli {
namespace {

/// Two chunks at once are in memory, the one that is read and the one that is written.
constexpr std::size_t chunk_bytes_max = 8U << 20U;

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

bool is_blank(std::string_view line) { return line.find_first_not_of(" \t\r") == std::string_view::npos; }

/// A chunk may wait long for a lock or a slow disk; still nothing is endless.
postgres::Database patient(postgres::Database database) {
  database.statement_timeout = std::chrono::minutes{10};
  database.lock_timeout = std::chrono::minutes{1};
  return database;
}

class Import {
 public:
  Import(const postgres::Database& database, const ImportOptions& options)
      : options_(options),
        lines_(options.path),
        writer_(eventstore::Importer{patient(database), {.dry_run = options.dry_run}}),
        progress_("importing") {}

  /// Throws a Failure that says how far it came.
  void run();
  /// What was done, for people or for programs.
  [[nodiscard]] std::string summary() const;
  [[nodiscard]] std::vector<Cell> cells() const;

 private:
  void read_lines();
  void take(std::string_view line);
  void add(eventstore::ImportedEvent event);
  void flush();
  void settle();
  [[nodiscard]] eventstore::ImportedEvent read(std::string_view line) const;
  [[nodiscard]] Failure at_line(std::size_t number, const Failure& cause) const;
  [[nodiscard]] Failure at_line(const Failure& cause) const { return at_line(lines_.line_number(), cause); }
  [[nodiscard]] Failure blame(const eventstore::ImportRefused& refused) const;
  [[nodiscard]] Failure blame(const Error& error) const;
  [[nodiscard]] Failure with_place(const Failure& failure) const;

  const ImportOptions& options_;
  LineSource lines_;
  Chunk chunk_;
  ChunkWriter writer_;
  Progress progress_;
  bool in_doubt_ = false;  ///< whether the chunk that failed is in the log
};

Failure Import::at_line(std::size_t number, const Failure& cause) const {
  return {cause.code(), fmt::format("{}:{}: {}", lines_.name(), number, cause.what()), cause.hint()};
}

Failure Import::blame(const eventstore::ImportRefused& refused) const {
  const auto& event = writer_.chunk().events[refused.index()];
  return at_line(
      writer_.chunk().lines[refused.index()],
      {host::ExitCode::conflict, refused.message(),
       event.version ? "import into an empty store, or append at the end with --ignore-versions" : refused.hint()});
}

Failure Import::blame(const Error& error) const {
  const auto& lines = writer_.chunk().lines;
  const auto failure = to_failure(error);
  const auto hint =
      error.kind() == ErrorKind::in_doubt
          ? "whether these lines are in the log is not known: where they have ids, import again, and what "
            "is there is left as it is"
          : failure.hint();
  return {failure.code(), fmt::format("{}:{}-{}: {}", lines_.name(), lines.front(), lines.back(), failure.what()),
          hint};
}

/// Adds to a failure what is in the log nonetheless, and how to go on.
Failure Import::with_place(const Failure& failure) const {
  const bool interrupted = failure.code() == host::ExitCode::interrupted && !in_doubt_;
  const std::string what = interrupted ? "interrupted" : failure.what();
  const auto last = writer_.last_line();
  if (in_doubt_ && last == 0) return failure;
  if (options_.dry_run || last == 0) {
    return {failure.code(), what + "; nothing was imported", interrupted ? "repeat the command" : failure.hint()};
  }
  const auto first = interrupted ? std::string{} : failure.hint() + "; then ";
  return {failure.code(), fmt::format("{}; up to line {} all is imported", what, last),
          fmt::format("{}go on with --after-line {}", first, last)};
}

void Import::settle() {
  try {
    writer_.settle();
  } catch (const eventstore::ImportRefused& refused) {
    throw blame(refused);
  } catch (const Error& error) {
    in_doubt_ = error.kind() == ErrorKind::in_doubt;
    throw blame(error);
  }
  const auto& total = writer_.total();
  progress_.show(total.imported + total.already_present, lines_.fraction_read());
}

void Import::flush() {
  settle();
  if (!chunk_.events.empty()) writer_.start(std::exchange(chunk_, {}));
}

void Import::add(eventstore::ImportedEvent event) {
  if (options_.ignore_versions) event.version.reset();
  chunk_.bytes += byte_size(event.event);
  chunk_.events.push_back(std::move(event));
  chunk_.lines.push_back(lines_.line_number());
  if (chunk_.events.size() >= writer_.chunk_events() || chunk_.bytes >= chunk_bytes_max) flush();
}

void Import::take(std::string_view line) {
  if (lines_.line_number() == 1 && line.starts_with(byte_order_mark)) line.remove_prefix(byte_order_mark.size());
  if (lines_.line_number() <= options_.after_line || is_blank(line)) return;
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

void Import::read_lines() {
  std::string_view line;
  while (!host::stop_requested() && lines_.next(line)) take(line);
  throw_if_stopped();
  if (lines_.line_number() < options_.after_line) {
    throw Failure{host::ExitCode::usage,
                  fmt::format("{} has {} lines, fewer than --after-line {}", lines_.name(), lines_.line_number(),
                              options_.after_line),
                  "the number is the one that the import before this named"};
  }
}

void Import::run() {
  try {
    try {
      read_lines();
      flush();
    } catch (const Failure&) {
      settle();  // the chunk before: if it failed too, that comes first
      throw;
    }
    settle();
  } catch (const Failure& failure) {
    throw with_place(failure);
  }
}

std::string Import::summary() const {
  const auto seconds = progress_.elapsed().count();
  const auto& total = writer_.total();
  return fmt::format("{} {} events, {} new streams ({} already present) in {:.1f} s ({}/s)\n",
                     options_.dry_run ? "would import" : "imported", total.imported, total.streams_created,
                     total.already_present, seconds,
                     static_cast<std::size_t>(static_cast<double>(total.imported) / seconds));
}

std::vector<Cell> Import::cells() const {
  const auto count = [](std::size_t number) { return cell(static_cast<std::int64_t>(number)); };
  const auto& total = writer_.total();
  return {count(total.imported), count(total.already_present), count(total.streams_created), cell(options_.dry_run),
          cell(std::chrono::duration_cast<std::chrono::milliseconds>(progress_.elapsed()).count())};
}

}  // namespace

host::ExitCode import_events(Invocation& invocation, const ImportOptions& options) {
  (void)connect_ready(invocation.database);
  std::string summary;
  std::vector<Cell> cells;
  {
    Import import{invocation.database, options};
    import.run();
    summary = import.summary();
    cells = import.cells();
  }
  if (invocation.format != Format::table) {
    print_object(invocation.output, invocation.format,
                 {{"imported"}, {"already_present"}, {"streams_created"}, {"dry_run"}, {"duration_ms"}},
                 std::move(cells));
    return host::ExitCode::ok;
  }
  invocation.output.write(summary);
  invocation.output.flush();
  return host::ExitCode::ok;
}

}  // namespace annals::cli
