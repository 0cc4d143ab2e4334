#include <fmt/format.h>

#include <algorithm>

#include "annals/core/quote.hpp"
#include "annals/core/text.hpp"
#include "annals/outbox/retention.hpp"
#include "cli/doctor/check.hpp"
#include "cli/screen/age.hpp"

namespace annals::cli {
namespace {

using State = outbox::PartitionStatus::State;

/// So long after its time has come a partition is in nobody's way: whoever maintains the table comes by every few seconds.
constexpr std::chrono::minutes overdue_max{10};
constexpr std::ptrdiff_t ahead_min = 2;
constexpr std::int64_t megabyte = 1'000'000;

/// What keeps a partition that should have gone.
Check overdue(const outbox::PartitionStatus& partition, const std::string& schema) {
  const auto since = fmt::format("{} should have been dropped {} ago", partition.name, format_age(partition.overdue));
  const auto option = postgres::schema_option(schema);
  if (partition.state == State::spent) {
    return {"retention", Level::warn, since + ": every relay has passed it",
            fmt::format(
                "let annals-relay run for the outbox; `annals outbox maintain{}` does it, or says who is in the way",
                option)};
  }
  if (partition.held_by.empty()) {
    return {"retention", Level::warn, since + ", and no relay has published it", "start annals-relay for the outbox"};
  }
  return {
      "retention", Level::warn, fmt::format("{}: relay \"{}\" has not passed it", since, printable(partition.held_by)),
      fmt::format("start that relay, or see what halts it; if it will never run again: annals relay forget {}{} --yes",
                  quote_shell(partition.held_by), option)};
}

void check_claims(postgres::Connection& connection, Checks& checks) {
  const auto& schema = connection.database().schema;
  const auto status = outbox::read_retention(connection, schema, outbox::Kept::claims);
  if (const auto* late = status.overdue(); late != nullptr && late->overdue > overdue_max) {
    checks.push_back({"claims", Level::warn,
                      fmt::format("{} should have been dropped {} ago", late->name, format_age(late->overdue)),
                      fmt::format("let annals-relay run; `annals outbox maintain{}` does it, or says who is in the way",
                                  postgres::schema_option(schema))});
  } else {
    checks.push_back({"claims", Level::ok,
                      fmt::format("payloads that were published as claims are kept {}; there are {} MB",
                                  status.policy.retain ? "for " + printable(*status.policy.retain) : "for ever",
                                  status.size_bytes() / megabyte)});
  }
}

void check_outbox(postgres::Connection& connection, Checks& checks) {
  const auto& schema = connection.database().schema;
  const auto status = outbox::read_retention(connection, schema);
  const auto ahead = std::count_if(status.partitions.begin(), status.partitions.end(),
                                   [](const auto& partition) { return partition.state == State::ahead; });
  if (ahead < ahead_min) {
    checks.push_back({"retention", Level::warn, fmt::format("{} partitions of the outbox are attached ahead", ahead),
                      fmt::format("let annals-relay run for the outbox, or: annals outbox maintain{}",
                                  postgres::schema_option(schema))});
  }
  const auto* late = status.overdue();
  if (late != nullptr && late->overdue > overdue_max) {
    checks.push_back(overdue(*late, schema));
  } else if (ahead >= ahead_min) {
    checks.push_back({"retention", Level::ok,
                      fmt::format("what is published is kept {}; the outbox has {} MB",
                                  status.policy.retain ? "for " + printable(*status.policy.retain) : "for ever",
                                  status.size_bytes() / megabyte)});
  }
}

}  // namespace

void check_retention(postgres::Connection& connection, Checks& checks) {
  check_outbox(connection, checks);
  check_claims(connection, checks);
}

}  // namespace annals::cli
