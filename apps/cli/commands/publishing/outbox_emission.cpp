#include "cli/commands/publishing/outbox_emission.hpp"

#include <algorithm>

#include "annals/core/error.hpp"
#include "annals/outbox/emission.hpp"
#include "annals/outbox/message_log.hpp"
#include "cli/failure.hpp"
#include "cli/screen/report.hpp"

namespace annals::cli {
namespace {

constexpr std::string_view on = "on";

void show(Invocation& invocation, const outbox::EmissionStatus& status) {
  Report report{invocation.output, invocation.format, {{"emission"}, {"slot"}, {"slot_is"}}};
  for (const auto& slot : status.slots) {
    const bool missing = std::ranges::find(status.missing, slot) != status.missing.end();
    report.add({cell(on), cell(slot), cell(std::string_view{missing ? "missing" : "there"})});
  }
  if (!status.is_on()) report.add({cell(std::string_view{"off"}), no_value(), no_value()});
  report.finish();
}

}  // namespace

host::ExitCode set_emission(Invocation& invocation, const Emission& options) {
  if (options.give_up && options.change != "off") {
    throw invalid("--give-up goes with off only", "annals outbox emission off --give-up");
  }
  auto connection = connect_ready(invocation.database);
  const auto log = outbox::message_log(invocation.database.schema);
  if (options.change == on) outbox::switch_emission_on(connection, log);
  if (options.change == "off") {
    outbox::switch_emission_off(connection, log, options.give_up ? outbox::Emitted::give_up : outbox::Emitted::publish);
  }
  const auto status = outbox::read_emission(connection, log);
  show(invocation, status);
  return status.missing.empty() ? host::ExitCode::ok : host::ExitCode::check_failed;
}

}  // namespace annals::cli
