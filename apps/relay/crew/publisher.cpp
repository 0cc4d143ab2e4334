#include "relay/crew/publisher.hpp"

#include <algorithm>
#include <thread>
#include <utility>
#include <vector>

#include "host/text/offered_command.hpp"
#include "relay/crew/crew.hpp"
#include "relay/crew/thread_start.hpp"
#include "relay/lag_watch.hpp"
#include "relay/settings/message_logs.hpp"
#include "relay/upkeep/outbox_keeper.hpp"
#include "relay/upkeep/stoppable_wait.hpp"

namespace annals::relayd {

namespace {

host::Log::Part part_of(const Config& config, const RunMode& mode) {
  const auto& name = config.database.name;
  return {.label = "database", .value = name, .command_options = host::database_options(mode.config_file, name)};
}

}  // namespace

Publisher::Publisher(Config config, const host::Secrets& secrets, const Shared& shared)
    : config_(std::move(config)),
      shared_(shared),
      log_(shared.log, secrets, part_of(config_, shared.mode)),
      open_sink_(sink_factory(config_, shared.output, shared.spans)) {}

Publisher::~Publisher() {
  for (const auto& unit : units_.all()) unit->metrics->retire();
}

host::ExitCode Publisher::run(const std::stop_token& stop) {
  while (true) {
    const auto code = publish(stop);
    if (stop.stop_requested() || !begins_anew(code)) return code;
    set_ending(false);
    wait(stop, config_.limits.retry_max);
    if (stop.stop_requested()) return host::ExitCode::ok;
    log_.write(host::Level::info, "begins anew");
    units_.clear();
  }
}

/// A process that has one database ends, and whoever started it decides.
bool Publisher::begins_anew(host::ExitCode code) const {
  return is_one_of_many() && code == host::ExitCode::unavailable && !shared_.mode.exit_on_unavailable;
}

host::ExitCode Publisher::publish(const std::stop_token& stop) {
  std::stop_source own;
  const std::stop_callback pass_on{stop, [&] {
                                     set_ending(true);
                                     own.request_stop();
                                   }};
  std::jthread lag;
  if (shared_.watched) {
    const auto watch = [this](const std::stop_token& end) { LagWatch{config_, units_, log_}.run(end); };
    if (!start_thread(lag, log_, watch)) return host::ExitCode::unavailable;
  }
  std::jthread keeper;
  const bool has_outbox = std::ranges::find(config_.sources, "outbox") != config_.sources.end();
  if (has_outbox || !config_.relay.claim_checks.empty()) {
    const auto keep = [this](const std::stop_token& end) { OutboxKeeper{config_, units_, log_}.run(end); };
    if (!start_thread(keeper, log_, keep)) return host::ExitCode::unavailable;
  }
  std::mutex mutex;
  auto worst = host::ExitCode::ok;
  const auto end_with = [&](host::ExitCode code) {
    if (code != host::ExitCode::ok) {  // one that cannot go on ends the others, loudly; they drain first
      set_ending(true);
      own.request_stop();
    }
    const std::lock_guard lock{mutex};
    worst = host::worse(worst, code);
  };
  {
    std::vector<std::jthread> crews(config_.sources.size());
    for (std::size_t i = 0; i < crews.size(); ++i) {
      const auto work = [&, i] { end_with(publish_log(config_.sources[i], own.get_token())); };
      if (!start_thread(crews[i], log_, work)) end_with(host::ExitCode::unavailable);
    }
  }
  return worst;
}

host::ExitCode Publisher::publish_log(const std::string& name, const std::stop_token& stop) {
  return Crew{*find_message_log(name, config_),
              {.config = config_,
               .mode = shared_.mode,
               .open_sink = open_sink_,
               .limits = limits_,
               .clock = shared_.clock,
               .log = log_,
               .units = units_,
               .metrics = shared_.metrics,
               .instance = instance_,
               .reloads = reloads_}}
      .run(stop);
}

DatabaseHealth Publisher::health() const {
  return {.name = config_.database.name, .stall = config_.limits.stall, .sources = units_.healths()};
}

bool Publisher::has_halted() const {
  return std::ranges::any_of(units_.healths(),
                             [](const auto& health) { return health->snapshot().phase == Phase::halted; });
}

std::optional<SourceHealth::Time> Publisher::ending_since() const {
  const std::lock_guard lock{mutex_};
  return ending_since_;
}

void Publisher::set_ending(bool ending) {
  const std::lock_guard lock{mutex_};
  if (!ending) ending_since_.reset();
  if (ending && !ending_since_) ending_since_ = shared_.clock.steady();
}

}  // namespace annals::relayd
