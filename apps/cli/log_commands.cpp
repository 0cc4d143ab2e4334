#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "cli/add_command.hpp"
#include "cli/command_groups.hpp"
#include "cli/commands/all_tail.hpp"
#include "cli/commands/stream.hpp"
#include "cli/transfer/events_export.hpp"
#include "cli/transfer/events_import.hpp"

namespace annals::cli {
namespace {

void add_show(CLI::App& group, Action& action) {
  auto options = std::make_shared<StreamShow>();
  auto* show = add_command(group, action, "show",
                           "Shows the events of a stream\n\n"
                           "  annals stream show order-42\n"
                           "  annals stream show order-42 --backward --limit 5     the last five\n"
                           "  annals -o jsonl stream show order-42 | jq .data",
                           show_stream, options);
  show->add_option("NAME", options->name, "Name of the stream")->required();
  show->add_option("--from", options->from, "First version to show")->check(at_least(1));
  show->add_option("--limit", options->limit, "Events at most")->check(CLI::Range(1, 100'000))->capture_default_str();
  show->add_flag("--backward", options->backward, "Newest first");
}

void add_append(CLI::App& group, Action& action) {
  auto options = std::make_shared<StreamAppend>();
  auto* append = add_command(
      group, action, "append",
      "Appends one event and prints its version and position\n\n"
      "  annals stream append order-42 --type OrderPlaced --data '{\"total\":9.90}' --expected no-stream\n"
      "  annals stream append order-42 --type OrderPaid --data @paid.json --expected 1 --metadata correlation_id=4711\n"
      "  annals stream append scan-7 --type Page --data - --content-type application/octet-stream <page.bin\n\n"
      "Repeating with the same --id and the same exact --expected appends nothing and succeeds. Exit code 4: the "
      "stream\n"
      "is at another version.",
      append_to_stream, options);
  append->add_option("NAME", options->name, "Name of the stream; made when it is new")->required();
  append->add_option("--type", options->type, "Type of the event")->required();
  append->add_option("--data", options->data, "The event's data: JSON, @file, or - for standard input")
      ->capture_default_str();
  append->add_option("--content-type", options->content_type, "What the data is")->capture_default_str();
  append->add_option("--expected", options->expected, "any, no-stream, exists, or the stream's present version")
      ->capture_default_str();
  append->add_option("--id", options->id, "UUID of the event, to make a repetition harmless");
  append->add_option("--metadata", options->metadata, "key=value; may be repeated")->take_all();
}

void add_list(CLI::App& group, Action& action) {
  auto options = std::make_shared<StreamList>();
  auto* list = add_command(group, action, "list",
                           "Lists streams with their versions, by name\n\n"
                           "  annals stream list --prefix order-\n"
                           "  annals stream list --prefix order- --after order-99 --limit 1000",
                           list_streams, options);
  list->add_option("--prefix", options->prefix, "Only names that start with this");
  list->add_option("--after", options->after, "Only names after this one: the next page");
  list->add_option("--limit", options->limit, "Streams at most")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
}

void add_check(CLI::App& group, Action& action) {
  auto options = std::make_shared<StreamCheck>();
  auto* check =
      add_command(group, action, "check",
                  "Compares the end of the log with what appends can have left; exit code 5 when it differs\n\n"
                  "  annals stream check\n"
                  "  annals -o json stream check --events 10000000\n\n"
                  "It reads only. `annals doctor` makes the same check.",
                  check_streams, options);
  check->add_option("--events", options->events, "How many of the last events")
      ->check(at_least(1))
      ->capture_default_str();
}

void add_adopt(CLI::App& group, Action& action) {
  auto options = std::make_shared<StreamAdopt>();
  auto* adopt = add_command(group, action, "adopt",
                            "Gives events of unknown streams, which stop every reader, a stream: annals-orphan-ID\n\n"
                            "  annals stream check\n"
                            "  annals stream adopt --yes\n\n"
                            "Find out first who wrote them: no append can have. For the owner of the tables.",
                            adopt_streams, options);
  adopt->add_flag("--yes", options->yes, "Do it");
}

void add_tail(CLI::App& group, Action& action) {
  auto options = std::make_shared<AllTail>();
  auto* tail = add_command(group, action, "tail",
                           "Shows the newest events of all streams, in the order of the log\n\n"
                           "  annals all tail --limit 50\n"
                           "  annals all tail --follow --category order        until Ctrl-C\n"
                           "  annals -o jsonl all tail --after 0 --follow | my-program\n\n"
                           "No event is skipped: behind an open transaction it waits.",
                           tail_log, options);
  tail->add_option("--after", options->after, "Everything after this position")->check(at_least(0));
  tail->add_option("--limit", options->limit,
                   fmt::format("With --after: events at most, and then it ends; without: begin about so many events "
                               "before the end, {} unless said",
                               AllTail::left_events))
      ->check(CLI::Range(0, 1'000'000));
  tail->add_flag("-f,--follow", options->follow, "Go on with what is committed from now on");
  tail->add_option("--category", options->category, "Only streams of this category, the name up to the first '-'");
}

void add_import(CLI::App& group, Action& action) {
  auto options = std::make_shared<ImportOptions>();
  auto* import = add_command(
      group, action, "import",
      "Appends the events of a file, chunk after chunk\n\n"
      "  annals events import history.jsonl.gz --dry-run\n"
      "  annals events import history.jsonl.gz\n"
      "  zstdcat history.jsonl.zst | annals events import -\n\n"
      "One JSON object a line, plain or gzip: "
      "{\"stream\":\"order-1\",\"type\":\"OrderPlaced\",\"data\":{\"total\":9.90}} and\n"
      "optionally metadata (object), time (RFC 3339), id (UUID), version; for bytes data_base64 and content_type in "
      "place\n"
      "of data. position is ignored. Numbers keep every digit.\n\n"
      "Each chunk is a transaction and takes about a quarter of a second; appends to its streams, and readers of the "
      "log,\n"
      "wait for it. What ends early is run again: events that are in the log are left as they are, if they have ids "
      "or\n"
      "versions. For others there is --after-line, with the number that the failure named.",
      import_events, options);
  import->add_option("FILE", options->path, "The file, or - for standard input")->required();
  import->add_flag("--ignore-versions", options->ignore_versions,
                   "Append at the end of each stream, whatever the file says");
  import
      ->add_option("--after-line", options->after_line,
                   "Pass over the first lines: what an import that failed had done")
      ->check(at_least(0));
  import->add_flag("--dry-run", options->dry_run, "Check everything and write nothing");
}

void add_export(CLI::App& group, Action& action) {
  auto options = std::make_shared<ExportOptions>();
  auto* out = add_command(group, action, "export",
                          "Writes events as JSON Lines that `annals events import` reads\n\n"
                          "  annals events export --output backup.jsonl.gz\n"
                          "  annals events export --after 1200000 --output since.jsonl\n"
                          "  annals events export --stream order-42 | jq .type\n\n"
                          "The file appears under its name only when it is complete.",
                          export_events, options);
  out->add_option("--after", options->after, "Only events after this position")->check(at_least(0));
  auto* category = out->add_option("--category", options->category, "Only streams of this category");
  out->add_option("--stream", options->stream, "Only this stream")->excludes(category);
  out->add_option("--output", options->path, "The file; gzip when its name ends in .gz (default: standard output)");
}

}  // namespace

void add_log_commands(CLI::App& app, Action& action) {
  auto& stream = add_group(app, "stream", "Show, append to, list and check streams");
  add_show(stream, action);
  add_append(stream, action);
  add_list(stream, action);
  add_check(stream, action);
  add_adopt(stream, action);
  auto& all = add_group(app, "all", "The log of all events");
  add_tail(all, action);
  auto& events = add_group(app, "events", "Import and export events");
  add_import(events, action);
  add_export(events, action);
}

}  // namespace annals::cli
