#include "cli/commands/publishing/outbox_retention.hpp"

#include <fmt/format.h>

#include <chrono>
#include <thread>

#include "annals/core/text.hpp"
#include "annals/outbox/retention.hpp"
#include "cli/failure.hpp"
#include "cli/screen/age.hpp"
#include "cli/screen/waiting.hpp"

namespace annals::cli {
namespace {

using outbox::MaintenanceStep;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::string_view forever = "forever";
/// Between two attempts while the table is in use.
constexpr milliseconds look_again{200};

std::string kept(const outbox::RetentionPolicy& policy) { return policy.retain.value_or(std::string{forever}); }

outbox::Kept table_of(bool claims) { return claims ? outbox::Kept::claims : outbox::Kept::outbox; }

/// One thing of one of the tables: the first where there is something to do.
MaintenanceStep maintain(postgres::Connection& connection, const std::string& schema) {
  auto step = outbox::maintain_outbox(connection, schema);
  if (step.more()) return step;
  const auto other = outbox::maintain_outbox(connection, schema, outbox::Kept::claims);
  return other.more() || step.action == MaintenanceStep::Action::none ? other : step;
}

void add_partition(Report& report, const outbox::PartitionStatus& partition) {
  const bool is_overdue = partition.overdue > milliseconds{0};
  report.add({cell(partition.name), cell(to_string(partition.state)),
              partition.last_position == 0 ? no_value() : cell(partition.last_position), cell(partition.size_bytes),
              age_cell(partition.last_age), age_cell(is_overdue ? std::optional{partition.overdue} : std::nullopt),
              partition.held_by.empty() ? no_value() : cell(partition.held_by)});
}

}  // namespace

host::ExitCode show_retention(Invocation& invocation, const ShowRetention& options) {
  auto connection = connect_ready(invocation.database);
  const auto status = outbox::read_retention(connection, invocation.database.schema, table_of(options.claims));
  Report report{invocation.output,
                invocation.format,
                {{"partition"},
                 {"state"},
                 {"last_position", Align::right},
                 {"size_bytes", Align::right},
                 {"newest_age_ms", Align::right},
                 {"overdue_ms", Align::right},
                 {"held_by"}}};
  for (const auto& partition : status.partitions) add_partition(report, partition);
  report.finish();
  fmt::print(stderr, "{} kept: {}\n",
             options.claims ? "a payload that was published as a claim is" : "what every relay has published is",
             printable(kept(status.policy)));
  return host::ExitCode::ok;
}

host::ExitCode set_retention(Invocation& invocation, const Retain& options) {
  outbox::RetentionPolicy policy{.partition_span = options.partition_span,
                                 .partition_rows = options.partition_rows,
                                 .lock_wait = options.lock_wait};
  if (options.retain != forever) policy.retain = options.retain;
  auto connection = connect_ready(invocation.database);
  outbox::set_retention(connection, invocation.database.schema, policy, table_of(options.claims));
  policy = outbox::read_retention(connection, invocation.database.schema, table_of(options.claims)).policy;
  print_object(invocation.output, invocation.format,
               {{"retain"}, {"partition_span"}, {"partition_rows"}, {"lock_wait"}},
               {cell(kept(policy)), cell(policy.partition_span), cell(policy.partition_rows), cell(policy.lock_wait)});
  return host::ExitCode::ok;
}

host::ExitCode maintain_outbox(Invocation& invocation, const Maintain& options) {
  auto connection = connect_ready(invocation.database);
  const Waiting waiting{"maintaining"};
  Report report{invocation.output, invocation.format, {{"action"}, {"partition"}}};
  const auto deadline = steady_clock::now() + std::chrono::seconds{options.wait_s};
  for (;;) {
    throw_if_stopped();
    const auto step = maintain(connection, invocation.database.schema);
    if (step.more()) {
      report.add({cell(to_string(step.action)), cell(step.partition)});
    } else if (step.action == MaintenanceStep::Action::none) {
      report.finish();
      return host::ExitCode::ok;
    } else if (steady_clock::now() >= deadline) {
      report.finish();
      throw Failure{host::ExitCode::unavailable,
                    fmt::format("{} is to be changed, and {}", step.partition.empty() ? "the outbox" : step.partition,
                                printable(step.detail)),
                    "nothing is lost by it: repeat later; `annals doctor` shows transactions that stay open"};
    } else {
      std::this_thread::sleep_for(look_again);
    }
  }
}

}  // namespace annals::cli
