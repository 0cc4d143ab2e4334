#include "relay/metrics.hpp"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <array>
#include <map>
#include <vector>

#include "host/process/process_stats.hpp"

namespace annals::relayd {
namespace {

using Labels = std::map<std::string, std::string>;
using Counters = prometheus::Family<prometheus::Counter>;
using Gauges = prometheus::Family<prometheus::Gauge>;
using Histograms = prometheus::Family<prometheus::Histogram>;

const prometheus::Histogram::BucketBoundaries step_buckets{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
                                                           0.1,    0.25,  0.5,    1,     2.5,  5,     10};
/// A label without a value is one that is not there.
constexpr std::string_view nobody = "-";
constexpr std::array reasons{"disconnected", "overloaded", "failed", "in_doubt", "not_ready", "other"};

double seconds(std::chrono::milliseconds duration) { return std::chrono::duration<double>{duration}.count(); }

struct Families {
  explicit Families(prometheus::Registry& r)
      : read(counter(r, "annals_relay_messages_read_total", "Messages read from the table")),
        delivered(counter(r, "annals_relay_messages_delivered_total", "Messages that the sink confirmed")),
        delivered_bytes(counter(r, "annals_relay_delivered_bytes_total",
                                "Keys and payloads of the messages that the sink confirmed")),
        batches(counter(r, "annals_relay_batches_total", "Reads of the table that found something")),
        released(counter(r, "annals_relay_released_total", "Messages that had been set aside and were published")),
        restarts(counter(r, "annals_relay_restarts_total",
                         "Retries: sessions that ended with an error and were opened again")),
        blocked(counter(r, "annals_relay_blocked_seconds_total", "Time spent waiting for open transactions")),
        throttled(counter(r, "annals_relay_throttled_seconds_total", "Time spent waiting because of a rate limit")),
        set_aside(counter(r, "annals_relay_set_aside_total", "Messages that cannot be published and were set aside")),
        parked_keys(gauge(r, "annals_relay_parked_keys", "Keys of which messages wait behind one that was set aside")),
        parked(gauge(r, "annals_relay_parked_messages",
                     "Messages that were parked and wait, by the last look at the table")),
        dead_letters(gauge(r, "annals_relay_dead_letters", "Dead letters that nobody has decided about, likewise")),
        in_flight(gauge(r, "annals_relay_in_flight_messages", "Messages sent and not yet confirmed")),
        acknowledged(gauge(r, "annals_relay_acknowledged_position", "Everything up to here is delivered")),
        checkpoint(gauge(r, "annals_relay_checkpoint_position", "Everything up to here is recorded as delivered")),
        lag(gauge(r, "annals_relay_lag_messages",
                  "Positions after the checkpoint: an upper bound of what is undelivered")),
        oldest(gauge(r, "annals_relay_oldest_message_age_seconds", "Age of the oldest message after the checkpoint")),
        retained(gauge(r, "annals_relay_slot_retained_bytes",
                       "Write-ahead log that the server keeps for the relay's slot; 0 without one")),
        bytes(gauge(r, "annals_relay_outbox_bytes", "Size of the outbox with its indexes, by the last look at it")),
        overdue(gauge(r, "annals_relay_retention_overdue_seconds",
                      "For how long the outbox keeps messages beyond its retention; `holder`: because of that relay")),
        blocker_age(gauge(r, "annals_relay_blocker_age_seconds", "Age of the oldest transaction that is waited for")),
        state(gauge(r, "annals_relay_state", "1 for what the source is doing")),
        circuit(gauge(r, "annals_relay_circuit_open",
                      "1 while the sink's other side is away, and while waiting before a new attempt after an error")),
        log_fault(gauge(r, "annals_relay_log_fault",
                        "1 while source = auto reads the table because the write-ahead log cannot be read")),
        standby_fault(
            gauge(r, "annals_relay_standby_fault", "1 while it stands by for a lock whose holder publishes nothing")),
        sink(gauge(r, "annals_relay_sink_connected", "1 while the sink's other side answers")),
        step(prometheus::BuildHistogram()
                 .Name("annals_relay_step_duration_seconds")
                 .Help("Duration of one step, waiting included")
                 .Register(r)) {}

  static Counters& counter(prometheus::Registry& registry, const char* name, const char* help) {
    return prometheus::BuildCounter().Name(name).Help(help).Register(registry);
  }
  static Gauges& gauge(prometheus::Registry& registry, const char* name, const char* help) {
    return prometheus::BuildGauge().Name(name).Help(help).Register(registry);
  }

  Counters &read, &delivered, &delivered_bytes, &batches, &released, &restarts, &blocked, &throttled, &set_aside;
  Gauges &parked_keys, &parked, &dead_letters, &in_flight, &acknowledged, &checkpoint, &lag, &oldest, &retained, &bytes,
      &overdue, &blocker_age, &state, &circuit, &log_fault, &standby_fault, &sink;
  Histograms& step;
};

class Source final : public SourceMetrics {
 public:
  Source(Families& families, const std::string& relay, const std::string& name)
      : labels_{{"relay", relay}, {"source", name}},
        families_(families),
        read_(families.read.Add(labels_)),
        delivered_(families.delivered.Add(labels_)),
        delivered_bytes_(families.delivered_bytes.Add(labels_)),
        batches_(families.batches.Add(labels_)),
        released_(families.released.Add(labels_)),
        blocked_(families.blocked.Add(labels_)),
        throttled_(families.throttled.Add(labels_)),
        set_aside_(families.set_aside.Add(labels_)),
        parked_keys_(families.parked_keys.Add(labels_)),
        in_flight_(families.in_flight.Add(labels_)),
        acknowledged_(families.acknowledged.Add(labels_)),
        checkpoint_(families.checkpoint.Add(labels_)),
        blocker_age_(families.blocker_age.Add(labels_)),
        circuit_(families.circuit.Add(labels_)),
        log_fault_(families.log_fault.Add(labels_)),
        sink_(families.sink.Add(labels_)),
        step_(families.step.Add(labels_, step_buckets)) {
    for (const auto* reason : reasons) restarts_[reason] = &families.restarts.Add(with("reason", reason));
    for (const auto phase : all_phases) {
      states_[phase] = &families.state.Add(with("state", std::string{to_string(phase)}));
    }
  }

  void step(const outbox::StepReport& report, std::chrono::duration<double> duration) override {
    read_.Increment(static_cast<double>(report.read));
    delivered_.Increment(static_cast<double>(report.delivered));
    delivered_bytes_.Increment(static_cast<double>(report.delivered_bytes));
    batches_.Increment(static_cast<double>(report.batches));
    released_.Increment(static_cast<double>(report.released));
    throttled_.Increment(report.throttled.count());
    parked_keys_.Set(static_cast<double>(report.parked_keys));
    in_flight_.Set(static_cast<double>(report.in_flight));
    acknowledged_.Set(static_cast<double>(report.acknowledged));
    checkpoint_.Set(static_cast<double>(report.checkpoint));
    step_.Observe(duration.count());
    const bool blocked = report.state == outbox::StepReport::State::blocked;
    if (blocked) blocked_.Increment(duration.count());
    // At least as old as our wait for it: a role without pg_read_all_stats is not told the age.
    waited_ = blocked || !report.blockers.empty() ? waited_ + duration : std::chrono::duration<double>{0};
    auto oldest = waited_.count();
    for (const auto& blocker : report.blockers) {
      if (blocker.age) oldest = std::max(oldest, seconds(*blocker.age));
    }
    blocker_age_.Set(oldest);
  }

  void enter(Phase phase) override {
    for (const auto& [other, gauge] : states_) gauge->Set(other == phase ? 1 : 0);
    retrying_ = phase == Phase::retrying;
    circuit_.Set(retrying_ || open_ ? 1 : 0);
    if (phase == Phase::retrying || phase == Phase::stopped) in_flight_.Set(0);
    if (phase == Phase::retrying || phase == Phase::stopped || phase == Phase::halted) blocker_age_.Set(0);
  }

  void sink_connected(bool connected) override { sink_.Set(connected ? 1 : 0); }

  void circuit_open(bool open) override {
    open_ = open;
    circuit_.Set(retrying_ || open_ ? 1 : 0);
  }

  void restart(std::string_view reason) override {
    const auto found = restarts_.find(reason);
    (found == restarts_.end() ? restarts_.find("other") : found)->second->Increment();
  }

  void set_aside() override { set_aside_.Increment(); }

  /// A series that says 0 when nothing is known would be a lie: it goes away instead.
  void lag(const outbox::RelayStatus* status) override {
    const std::lock_guard lock{lag_mutex_};
    show(families_.lag, lag_, status != nullptr, status == nullptr ? 0 : static_cast<double>(status->lag_messages));
    show(families_.oldest, oldest_, status != nullptr,
         status == nullptr ? 0 : seconds(status->oldest_age.value_or(std::chrono::milliseconds{0})));
    show(families_.parked, parked_, status != nullptr, status == nullptr ? 0 : static_cast<double>(status->parked));
    show(families_.dead_letters, dead_letters_, status != nullptr,
         status == nullptr ? 0 : static_cast<double>(status->dead_letters));
    const auto* slot = status != nullptr && status->slot ? &*status->slot : nullptr;
    show(families_.retained, retained_, status != nullptr,
         slot == nullptr ? 0 : static_cast<double>(slot->retained_bytes));
  }

  void log_fault(bool fault) override { log_fault_.Set(fault ? 1 : 0); }

  void retention(const outbox::RetentionStatus* status) override {
    const std::lock_guard lock{lag_mutex_};
    show(families_.bytes, bytes_, status != nullptr, status == nullptr ? 0 : static_cast<double>(status->size_bytes()));
    const auto* late = status == nullptr ? nullptr : status->overdue();
    show_overdue(late == nullptr || late->held_by.empty() ? std::string{nobody} : late->held_by, status != nullptr,
                 late == nullptr ? 0 : seconds(late->overdue));
  }

  void standby_fault(std::optional<bool> fault) override {
    const std::lock_guard lock{lag_mutex_};
    show(families_.standby_fault, standby_fault_, fault.has_value(), fault.value_or(false) ? 1 : 0);
  }

 private:
  Labels with(const std::string& name, const std::string& value) const {
    auto labels = labels_;
    labels.emplace(name, value);
    return labels;
  }

  /// One series, of whoever is the holder.
  void show_overdue(const std::string& holder, bool known, double value) {
    if (overdue_ != nullptr && (!known || holder != holder_)) {
      families_.overdue.Remove(overdue_);
      overdue_ = nullptr;
    }
    if (!known) return;
    holder_ = holder;
    if (overdue_ == nullptr) overdue_ = &families_.overdue.Add(with("holder", holder));
    overdue_->Set(value);
  }

  void show(Gauges& family, prometheus::Gauge*& gauge, bool known, double value) {
    if (known && gauge == nullptr) gauge = &family.Add(labels_);
    if (!known && gauge != nullptr) {
      family.Remove(gauge);
      gauge = nullptr;
    }
    if (gauge != nullptr) gauge->Set(value);
  }

  const Labels labels_;
  Families& families_;
  prometheus::Counter &read_, &delivered_, &delivered_bytes_, &batches_, &released_, &blocked_, &throttled_,
      &set_aside_;
  prometheus::Gauge &parked_keys_, &in_flight_, &acknowledged_, &checkpoint_, &blocker_age_, &circuit_, &log_fault_,
      &sink_;
  prometheus::Histogram& step_;
  std::chrono::duration<double> waited_{0};
  bool retrying_ = false;  // these two: of the source's thread
  bool open_ = false;
  std::map<std::string, prometheus::Counter*, std::less<>> restarts_;
  std::map<Phase, prometheus::Gauge*> states_;
  std::mutex lag_mutex_;
  prometheus::Gauge* lag_ = nullptr;
  prometheus::Gauge* oldest_ = nullptr;
  prometheus::Gauge* parked_ = nullptr;
  prometheus::Gauge* dead_letters_ = nullptr;
  prometheus::Gauge* retained_ = nullptr;
  prometheus::Gauge* standby_fault_ = nullptr;
  prometheus::Gauge* bytes_ = nullptr;
  prometheus::Gauge* overdue_ = nullptr;
  std::string holder_;
};

prometheus::MetricFamily single(prometheus::MetricType type, const char* name, const char* help, double value) {
  prometheus::ClientMetric metric;
  (type == prometheus::MetricType::Counter ? metric.counter.value : metric.gauge.value) = value;
  return {name, help, type, {metric}};
}

void add_process(std::vector<prometheus::MetricFamily>& out) {
  using prometheus::MetricType;
  const auto stats = host::read_process_stats();
  out.push_back(single(MetricType::Gauge, "process_resident_memory_bytes", "Resident memory", stats.resident_bytes));
  out.push_back(
      single(MetricType::Counter, "process_cpu_seconds_total", "User and system CPU time", stats.cpu_seconds));
  out.push_back(single(MetricType::Gauge, "process_open_fds", "Open file descriptors", stats.open_fds));
  out.push_back(single(MetricType::Gauge, "process_threads", "Threads", stats.threads));
  out.push_back(single(MetricType::Gauge, "process_start_time_seconds", "Start, Unix time", stats.start_time_seconds));
}

}  // namespace

struct Metrics::Impl {
  prometheus::Registry registry;
  Families families{registry};
  std::mutex mutex;
  std::vector<std::unique_ptr<Source>> sources;
};

Metrics::Metrics() : impl_(std::make_unique<Impl>()) {
  prometheus::BuildGauge()
      .Name("annals_relay_build_info")
      .Help("Always 1; the labels say which build this is")
      .Register(impl_->registry)
      .Add({{"version", ANNALS_VERSION}})
      .Set(1);
}

Metrics::~Metrics() = default;

SourceMetrics& Metrics::add_source(const std::string& relay, const std::string& name) {
  const std::lock_guard lock{impl_->mutex};
  return *impl_->sources.emplace_back(std::make_unique<Source>(impl_->families, relay, name));
}

std::string Metrics::text() {
  auto families = impl_->registry.Collect();
  add_process(families);
  return prometheus::TextSerializer{}.Serialize(families);
}

}  // namespace annals::relayd
