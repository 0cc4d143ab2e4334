#include "annals/kafka/transactional_sink.hpp"
#include "annals/outbox/progress/examination.hpp"
#include "cli/commands/publishing/relay.hpp"
#include "cli/commands/publishing/relay_config.hpp"
#include "cli/screen/checks.hpp"
#include "relay/settings/config.hpp"

namespace annals::cli {
namespace {

/// Without the relay's configuration the broker is not asked.
outbox::ReadRecord reader_of(const relayd::Config* config) {
  if (config == nullptr) return {};
  return [options = relayd::transactional_options(*config)](const std::string& id) {
    return kafka::read_checkpoint_record(options, id);
  };
}

Checks checks_of(const outbox::CheckpointExamination& examination) {
  Checks checks;
  for (const auto& finding : examination.findings) {
    checks.push_back({finding.about, finding.agrees ? Level::ok : Level::fail, finding.detail});
  }
  for (const auto& choice : examination.choices) {
    checks.push_back({"choice", Level::warn, choice.effect, choice.command});
  }
  return checks;
}

}  // namespace

host::ExitCode examine_relay(Invocation& invocation, const RelayRepair& options) {
  const auto log = log_named(options.log, invocation);
  const auto read_record = reader_of(invocation.relay_config.get());
  auto connection = connect_ready(invocation.database);
  require_relay(connection, log, options.relay, "`annals relay status` shows those there are");
  const auto examination = outbox::examine_checkpoint(connection, log, options.relay, read_record);
  return report_checks(invocation, checks_of(examination));
}

}  // namespace annals::cli
