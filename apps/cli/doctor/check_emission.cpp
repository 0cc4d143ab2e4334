#include <fmt/format.h>
#include <fmt/ranges.h>

#include "annals/outbox/emission.hpp"
#include "annals/outbox/message_log.hpp"
#include "cli/doctor/check.hpp"

namespace annals::cli {

void check_emission(postgres::Connection& connection, Checks& checks) {
  const auto& schema = connection.database().schema;
  const auto status = outbox::read_emission(connection, outbox::message_log(schema));
  const auto option = postgres::schema_option(schema);
  if (!status.is_on()) {
    checks.push_back({"emission", Level::ok, "off: every message of the outbox is in its table"});
  } else if (!status.missing.empty()) {
    checks.push_back(
        {"emission", Level::fail,
         fmt::format("on, and slot {} is gone or lost: what was emitted and not published is lost, writers are refused",
                     fmt::join(status.missing, ", ")),
         fmt::format("annals outbox emission off --give-up{}, start annals-relay, annals outbox emission on{}", option,
                     option)});
  } else {
    checks.push_back(
        {"emission", Level::ok,
         fmt::format("on: until it is published, what is emitted is in the write-ahead log alone, and lost "
                     "with slot {}",
                     fmt::join(status.slots, ", "))});
  }
}

}  // namespace annals::cli
