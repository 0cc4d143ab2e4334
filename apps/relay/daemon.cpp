#include "relay/daemon.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <csignal>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "annals/postgres/database.hpp"
#include "host/http/responder.hpp"
#include "host/process/notifier.hpp"
#include "host/process/signal_thread.hpp"
#include "relay/crew/crew.hpp"
#include "relay/lag_watch.hpp"
#include "relay/message_logs.hpp"
#include "relay/settings/setting.hpp"
#include "relay/upkeep/outbox_keeper.hpp"

namespace annals::relayd {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// How often the main thread looks after systemd.
constexpr milliseconds tick{1000};
/// What a source may take beyond its drain_timeout: the step that it was in, and writing the checkpoint.
constexpr seconds hang_grace{5};

constexpr std::string_view rate_limits_key = "relay.rate_limits";

class Daemon {
 public:
  Daemon(const LoadedConfig& loaded, RunMode mode, std::function<LoadedConfig()> reload)
      : config_(loaded.config), mode_(mode), reload_(std::move(reload)), log_(loaded.config.log, loaded.secrets) {
    for (const auto& warning : loaded.warnings) log_.write(host::Level::warn, warning);
  }

  host::ExitCode run() {
    const host::SignalThread signals{[this](int signal) { on_signal(signal); }, [this] { on_hangup(); }};
    try {
      if (config_.http.listen) serve();
    } catch (const Error& error) {
      log_.write(host::Level::error, error.message(), {{"hint", error.hint()}});
      return host::ExitCode::usage;
    }
    log_start();
    std::jthread lag;
    if (endpoint_) {
      lag = std::jthread{[this](const std::stop_token& stop) { LagWatch{config_, units_, log_}.run(stop); }};
    }
    std::jthread keeper;
    if (std::ranges::find(config_.sources, "outbox") != config_.sources.end()) {
      auto& metrics = metrics_.add_source(config_.relay.name, "outbox");
      keeper = std::jthread{[this, &metrics](const std::stop_token& stop) {
        OutboxKeeper{config_, metrics, log_}.run(stop);
      }};
    }
    for (const auto& log : config_.sources) crews_.emplace_back([this, log] { work(log); });
    notifier_.ready();
    supervise();
    log_.write(host::Level::info, "stopped", {{"exit_code", std::to_string(static_cast<int>(code_))}});
    return code_;
  }

 private:
  void serve() {
    const auto probe = [](const Health::Answer& answer) {
      return host::Responder::Answer{.status = answer.good ? 200 : 503, .body = answer.text};
    };
    endpoint_.emplace(*config_.http.listen,
                      host::Responder::Handlers{
                          {"/livez", [this, probe] { return probe(health_.live(clock_.steady())); }},
                          {"/readyz", [this, probe] { return probe(health_.ready(clock_.steady())); }},
                          {"/metrics", [this] {
                             return host::Responder::Answer{.body = metrics_.text(),
                                                            .content_type = "text/plain; version=0.0.4; charset=utf-8"};
                           }}});
  }

  void log_start() {
    const auto shown = [&](const char* key) { return find_setting(key)->show(config_); };
    log_.write(host::Level::info, "annals-relay starts",
               {{"version", ANNALS_VERSION},
                {"pid", std::to_string(getpid())},
                {"database", shown("database.uri")},
                {"schema", config_.database.schema},
                {"relay", config_.relay.name},
                {"sources", shown("relay.sources")},
                {"source", shown("relay.source")},
                {"sink", shown("relay.sink")},
                {"delivery", shown("relay.delivery")},
                {"brokers", config_.sink == SinkKind::kafka ? config_.brokers : "none"},
                {"http", endpoint_ ? host::to_string(endpoint_->address()) : "off"}});
  }

  void on_signal(int signal) {
    log_.write(host::Level::info, "stopping: a second signal leaves at once",
               {{"signal", signal == SIGINT ? "SIGINT" : "SIGTERM"}});
    request_stop();
  }

  /// Takes what may change while the program runs; says what needs a restart.
  void on_hangup() {
    const auto loaded = reload_();
    for (const auto& problem : loaded.problems) log_.write(host::Level::error, "not reloaded: " + problem);
    if (!loaded.problems.empty()) return;
    limits_.set(loaded.config.relay.rate_limits);
    for (const auto& setting : all_settings()) {
      if (setting.key == rate_limits_key || setting.show(loaded.config) == setting.show(config_)) continue;
      log_.write(host::Level::warn, "a setting has changed that takes a restart",
                 {{"setting", std::string{setting.key}}});
    }
    log_.write(host::Level::info, "reloaded",
               {{std::string{rate_limits_key}, find_setting(rate_limits_key)->show(loaded.config)}});
  }

  void request_stop() {
    stop_.request_stop();
    const std::lock_guard lock{mutex_};
    if (!stop_requested_at_) stop_requested_at_ = clock_.steady();
    changed_.notify_all();
  }

  void work(const std::string& log) {
    Crew crew{*find_message_log(log, config_.database.schema),
              {.config = config_,
               .mode = mode_,
               .open_sink = open_sink_,
               .limits = limits_,
               .clock = clock_,
               .log = log_,
               .units = units_,
               .metrics = metrics_,
               .instance = instance_}};
    const auto code = crew.run(stop_.get_token());
    // One that cannot go on stops the program, loudly; the others drain first.
    if (code != host::ExitCode::ok) request_stop();
    const std::lock_guard lock{mutex_};
    code_ = host::worse(code_, code);
    ++ended_;
    changed_.notify_all();
  }

  /// Until every source has ended, or one hangs.
  void supervise() {
    const auto interval = std::min(tick, notifier_.watchdog_interval().value_or(tick));
    std::unique_lock lock{mutex_};
    while (ended_ < config_.sources.size()) {
      changed_.wait_for(lock, interval);
      if (notifier_.watchdog_interval() && health_.live(clock_.steady()).good) notifier_.alive();
      announce_stop();
      if (overdue()) leave_hung();
    }
  }

  void announce_stop() {
    if (!stop_requested_at_ || stop_announced_) return;
    stop_announced_ = true;
    notifier_.stopping();
  }

  bool overdue() const {
    return ended_ < config_.sources.size() && stop_requested_at_ &&
           clock_.steady() - *stop_requested_at_ > config_.limits.drain_timeout + hang_grace;
  }

  [[noreturn]] void leave_hung() {
    log_.write(host::Level::error,
               "a source hangs: leaving without it; messages in flight are sent again at the next start");
    _exit(static_cast<int>(host::worse(code_, host::ExitCode::in_flight)));
  }

  const Config config_;
  const RunMode mode_;
  const std::function<LoadedConfig()> reload_;
  LiveLimits limits_{config_.relay.rate_limits};
  SystemClock clock_;
  host::Log log_;
  Metrics metrics_;
  host::LineOutput output_{STDOUT_FILENO};
  const SinkFactory open_sink_ = sink_factory(config_, output_);
  const host::Notifier notifier_;
  std::stop_source stop_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<std::chrono::steady_clock::time_point> stop_requested_at_;
  bool stop_announced_ = false;
  std::size_t ended_ = 0;
  host::ExitCode code_ = host::ExitCode::ok;

  const EventId instance_ = EventId::generate();
  Units units_;
  const Health health_{[this] { return units_.healths(); }, config_.limits.stall};
  std::vector<std::jthread> crews_;  // they end before anything above goes away
  std::optional<host::Responder> endpoint_;
};

}  // namespace

host::ExitCode run_daemon(const LoadedConfig& loaded, RunMode mode, std::function<LoadedConfig()> reload) {
  return Daemon{loaded, mode, std::move(reload)}.run();
}

}  // namespace annals::relayd
