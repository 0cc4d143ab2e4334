#include "relay/daemon.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <optional>
#include <thread>

#include "host/http/responder.hpp"
#include "host/process/notifier.hpp"
#include "host/process/signal_thread.hpp"
#include "relay/crew/databases.hpp"
#include "relay/settings/setting.hpp"
#include "relay/tracing/span_exporter.hpp"

namespace annals::relayd {
namespace {

using std::chrono::milliseconds;

/// How often the main thread looks after systemd.
constexpr milliseconds tick{1000};

void export_spans(const TracingOptions& options, SpanQueue& spans, Metrics& metrics, const std::stop_token& stop) {
  SpanExporter{options, spans, [&](auto exported, auto dropped) { metrics.spans(exported, dropped); }}.run(stop);
}

class Daemon {
 public:
  Daemon(LoadedConfig loaded, RunMode mode, std::function<LoadedConfig()> reload)
      : loaded_(std::move(loaded)), mode_(mode), reload_(std::move(reload)), log_(config_.log, loaded_.secrets) {
    for (const auto& warning : loaded_.warnings) log_.write(host::Level::warn, warning);
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
    std::jthread tracing;
    if (!config_.tracing.endpoint.empty()) {
      tracing =
          std::jthread{[this](const std::stop_token& stop) { export_spans(config_.tracing, spans_, metrics_, stop); }};
    }
    databases_.begin(loaded_);
    notifier_.ready();
    supervise();
    const auto code = databases_.code();
    log_.write(host::Level::info, "stopped", {{"exit_code", std::to_string(static_cast<int>(code))}});
    return code;
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
    const auto version = std::string{ANNALS_VERSION};
    const auto pid = std::to_string(getpid());
    const auto http = endpoint_ ? host::to_string(endpoint_->address()) : "off";
    if (!config_.database.name.empty()) {  // each says of itself what it is
      log_.write(host::Level::info, "annals-relay starts",
                 {{"version", version},
                  {"pid", pid},
                  {"databases", std::to_string(loaded_.databases.size())},
                  {"http", http}});
      return;
    }
    const auto shown = [&](const char* key) { return find_setting(key)->show(config_); };
    log_.write(host::Level::info, "annals-relay starts",
               {{"version", version},
                {"pid", pid},
                {"database", shown("database.uri")},
                {"schema", config_.database.schema},
                {"relay", config_.relay.name},
                {"sources", shown("relay.sources")},
                {"source", shown("relay.source")},
                {"sink", shown("relay.sink")},
                {"delivery", shown("relay.delivery")},
                {"brokers", config_.sink == SinkKind::kafka ? config_.brokers : "none"},
                {"http", http}});
  }

  void on_signal(int signal) {
    log_.write(host::Level::info, "stopping: a second signal leaves at once",
               {{"signal", signal == SIGINT ? "SIGINT" : "SIGTERM"}});
    databases_.request_stop();
  }

  /// Takes what may change while the program runs; says what needs a restart.
  void on_hangup() {
    const auto loaded = reload_();
    for (const auto& problem : loaded.problems) log_.write(host::Level::error, "not reloaded: " + problem);
    if (!loaded.problems.empty()) return;
    databases_.reload(loaded);
    const auto* limits = find_setting("relay.rate_limits");
    if (loaded.config.database.name.empty()) {
      log_.write(host::Level::info, "reloaded", {{limits->key, limits->show(loaded.config)}});
    } else {
      log_.write(host::Level::info, "reloaded", {{"databases", std::to_string(loaded.databases.size())}});
    }
  }

  /// Until every database has ended, or those that are left hang.
  void supervise() {
    const auto interval = std::min(tick, notifier_.watchdog_interval().value_or(tick));
    bool announced = false;
    while (!databases_.wait(interval)) {
      if (notifier_.watchdog_interval() && health_.live(clock_.steady()).good) notifier_.alive();
      if (!announced && databases_.ending()) {
        announced = true;
        notifier_.stopping();
      }
      if (databases_.overdue(clock_.steady())) leave_hung();
    }
  }

  [[noreturn]] void leave_hung() {
    log_.write(host::Level::error,
               "a source hangs: leaving without it; messages in flight are sent again at the next start");
    _exit(static_cast<int>(host::worse(databases_.code(), host::ExitCode::in_flight)));
  }

  const LoadedConfig loaded_;
  const Config& config_ = loaded_.config;  // for what is of the program
  const RunMode mode_;
  const std::function<LoadedConfig()> reload_;
  SystemClock clock_;
  host::Log log_;
  Metrics metrics_;
  host::LineOutput output_{STDOUT_FILENO};
  SpanQueue spans_{config_.tracing.queue_spans_max};
  const host::Notifier notifier_;
  Databases databases_{{.mode = mode_,
                        .watched = config_.http.listen.has_value(),
                        .output = output_,
                        .spans = spans_,
                        .clock = clock_,
                        .log = log_,
                        .metrics = metrics_}};
  const Health health_{[this] { return databases_.healths(); }};
  std::optional<host::Responder> endpoint_;
};

}  // namespace

host::ExitCode run_daemon(LoadedConfig loaded, RunMode mode, std::function<LoadedConfig()> reload) {
  return Daemon{std::move(loaded), mode, std::move(reload)}.run();
}

}  // namespace annals::relayd
