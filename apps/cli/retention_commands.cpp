#include <CLI/CLI.hpp>
#include <memory>

#include "cli/add_command.hpp"
#include "cli/command_groups.hpp"
#include "cli/commands/publishing/outbox_retention.hpp"

namespace annals::cli {
namespace {

constexpr auto claims_help = "Payloads that were too large to be published, not messages: so long their readers have";

void add_retain(CLI::App& outbox, Action& action) {
  auto options = std::make_shared<Retain>();
  auto* retain = add_command(outbox, action, "retain",
                             "Sets how long messages are kept in the outbox once every relay has published them\n\n"
                             "  annals outbox retain '7 days'\n"
                             "  annals outbox retain forever\n"
                             "  annals outbox retain '1 hour' --partition-span '10 minutes'\n"
                             "  annals outbox retain '30 days' --claims\n\n"
                             "They go partition by partition, the oldest first: what is kept is at least that much, "
                             "and at most one partition more. "
                             "It holds for all relays of the database.",
                             set_retention, options);
  retain->add_option("DURATION", options->retain, "As PostgreSQL reads an interval, or forever")->required();
  retain->add_option("--partition-span", options->partition_span,
                     "A partition is written to for so long (default: an eighth of it, at least an hour)");
  retain->add_option("--partition-rows", options->partition_rows, "Or until it has so many rows")->check(at_least(1));
  retain->add_option(
      "--lock-wait", options->lock_wait,
      "Writers are held up for so long at most when a partition begins or goes (default: 50 milliseconds)");
  retain->add_flag("--claims", options->claims, claims_help);
}

void add_maintain(CLI::App& outbox, Action& action) {
  auto options = std::make_shared<Maintain>();
  auto* maintain = add_command(
      outbox, action, "maintain",
      "Attaches partitions ahead and drops those that may go; annals-relay does it by itself\n\n"
      "  annals outbox maintain\n\n"
      "For cron, where no relay runs. Nobody is held up for longer than --lock-wait of retain; exit code 3 when "
      "the table was in use all the time.",
      maintain_outbox, options);
  maintain->add_option("--wait", options->wait_s, "Seconds to wait for whoever uses the table")
      ->capture_default_str()
      ->check(at_least(0));
}

}  // namespace

void add_retention_commands(CLI::App& outbox, Action& action) {
  auto options = std::make_shared<ShowRetention>();
  auto* retention = add_command(outbox, action, "retention",
                                "Shows the partitions of the outbox, and which relay keeps them from being dropped\n\n"
                                "  annals outbox retention\n"
                                "  annals -o json outbox retention | jq '.[] | select(.overdue_ms)'",
                                show_retention, options);
  retention->add_flag("--claims", options->claims, claims_help);
  add_retain(outbox, action);
  add_maintain(outbox, action);
}

}  // namespace annals::cli
