#include "relay/metrics.hpp"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <mutex>
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
        claims(counter(r, "annals_relay_claims_total", "Messages whose payload stayed in the database")),
        claimed_bytes(counter(r, "annals_relay_claimed_bytes_total", "Their payloads")),
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
        claim_table(gauge(r, "annals_relay_claim_table_bytes", "Size of the table of those payloads, likewise")),
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

  Counters &read, &delivered, &delivered_bytes, &batches, &released, &restarts, &blocked, &throttled, &set_aside,
      &claims, &claimed_bytes;
  Gauges &parked_keys, &parked, &dead_letters, &in_flight, &acknowledged, &checkpoint, &lag, &oldest, &retained, &bytes,
      &claim_table, &overdue, &blocker_age, &state, &circuit, &log_fault, &standby_fault, &sink;
  Histograms& step;
};

/// The series of one source, which are there as long as this is.
class Series {
 public:
  Series(Families& families, Labels labels)
      : labels_(std::move(labels)),
        read(add(families.read)),
        delivered(add(families.delivered)),
        delivered_bytes(add(families.delivered_bytes)),
        batches(add(families.batches)),
        released(add(families.released)),
        blocked(add(families.blocked)),
        throttled(add(families.throttled)),
        set_aside(add(families.set_aside)),
        claims(add(families.claims)),
        claimed_bytes(add(families.claimed_bytes)),
        parked_keys(add(families.parked_keys)),
        in_flight(add(families.in_flight)),
        acknowledged(add(families.acknowledged)),
        checkpoint(add(families.checkpoint)),
        blocker_age(add(families.blocker_age)),
        circuit(add(families.circuit)),
        log_fault(add(families.log_fault)),
        sink(add(families.sink)),
        step(families.step.Add(labels_, step_buckets)),
        families_(families) {
    for (const auto* reason : reasons) restarts[reason] = &add(families.restarts, "reason", reason);
    for (const auto phase : all_phases) states[phase] = &add(families.state, "state", std::string{to_string(phase)});
  }
  ~Series() {
    for (const auto& remove : removals_) remove();
    families_.step.Remove(&step);
    for (const auto& [family, gauge] : known_) family->Remove(gauge);
    if (overdue_ != nullptr) families_.overdue.Remove(overdue_);
  }
  Series(const Series&) = delete;
  Series& operator=(const Series&) = delete;

  /// A series that says 0 when nothing is known would be a lie: it goes away instead.
  void show(Gauges& family, bool known, double value) {
    auto*& gauge = known_[&family];
    if (known && gauge == nullptr) gauge = &family.Add(labels_);
    if (gauge != nullptr && known) gauge->Set(value);
    if (known) return;
    if (gauge != nullptr) family.Remove(gauge);
    known_.erase(&family);
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

 private:
  const Labels labels_;
  std::vector<std::function<void()>> removals_;

 public:
  prometheus::Counter &read, &delivered, &delivered_bytes, &batches, &released, &blocked, &throttled, &set_aside,
      &claims, &claimed_bytes;
  prometheus::Gauge &parked_keys, &in_flight, &acknowledged, &checkpoint, &blocker_age, &circuit, &log_fault, &sink;
  prometheus::Histogram& step;
  std::map<std::string, prometheus::Counter*, std::less<>> restarts;
  std::map<Phase, prometheus::Gauge*> states;

 private:
  Labels with(const std::string& name, const std::string& value) const {
    auto labels = labels_;
    labels.emplace(name, value);
    return labels;
  }
  template <class Metric>
  Metric& keep(prometheus::Family<Metric>& family, Metric& metric) {
    removals_.push_back([&family, &metric] { family.Remove(&metric); });
    return metric;
  }
  template <class Metric>
  Metric& add(prometheus::Family<Metric>& family) {
    return keep(family, family.Add(labels_));
  }
  template <class Metric>
  Metric& add(prometheus::Family<Metric>& family, const std::string& name, const std::string& value) {
    return keep(family, family.Add(with(name, value)));
  }

  Families& families_;
  std::map<Gauges*, prometheus::Gauge*> known_;
  prometheus::Gauge* overdue_ = nullptr;
  std::string holder_;
};

class Source final : public SourceMetrics {
 public:
  Source(Families& families, const SourceLabels& labels) : labels_(all_of(labels)), families_(families) {}

  /// Whether it was here before or not.
  void begin() {
    const std::lock_guard lock{mutex_};
    if (!series_) series_ = std::make_unique<Series>(families_, labels_);
    waited_ = std::chrono::duration<double>{0};
    retrying_ = false;
    open_ = false;
    for (auto* gauge : {&series_->circuit, &series_->log_fault, &series_->blocker_age}) gauge->Set(0);
  }

  void step(const outbox::StepReport& report, std::chrono::duration<double> duration) override {
    const std::lock_guard lock{mutex_};
    if (!series_) return;
    auto& to = *series_;
    to.read.Increment(static_cast<double>(report.read));
    to.delivered.Increment(static_cast<double>(report.delivered));
    to.delivered_bytes.Increment(static_cast<double>(report.delivered_bytes));
    to.batches.Increment(static_cast<double>(report.batches));
    to.released.Increment(static_cast<double>(report.released));
    to.claims.Increment(static_cast<double>(report.claimed));
    to.claimed_bytes.Increment(static_cast<double>(report.claimed_bytes));
    to.throttled.Increment(report.throttled.count());
    to.parked_keys.Set(static_cast<double>(report.parked_keys));
    to.in_flight.Set(static_cast<double>(report.in_flight));
    to.acknowledged.Set(static_cast<double>(report.acknowledged));
    to.checkpoint.Set(static_cast<double>(report.checkpoint));
    to.step.Observe(duration.count());
    const bool blocked = report.state == outbox::StepReport::State::blocked;
    if (blocked) to.blocked.Increment(duration.count());
    // At least as old as our wait for it: a role without pg_read_all_stats is not told the age.
    waited_ = blocked || !report.blockers.empty() ? waited_ + duration : std::chrono::duration<double>{0};
    auto oldest = waited_.count();
    for (const auto& blocker : report.blockers) {
      if (blocker.age) oldest = std::max(oldest, seconds(*blocker.age));
    }
    to.blocker_age.Set(oldest);
  }

  void enter(Phase phase) override {
    const std::lock_guard lock{mutex_};
    if (!series_) return;
    for (const auto& [other, gauge] : series_->states) gauge->Set(other == phase ? 1 : 0);
    retrying_ = phase == Phase::retrying;
    show_circuit();
    if (phase == Phase::retrying || phase == Phase::stopped) series_->in_flight.Set(0);
    if (phase == Phase::retrying || phase == Phase::stopped || phase == Phase::halted) series_->blocker_age.Set(0);
  }

  void sink_connected(bool connected) override {
    const std::lock_guard lock{mutex_};
    if (series_) series_->sink.Set(connected ? 1 : 0);
  }

  void circuit_open(bool open) override {
    const std::lock_guard lock{mutex_};
    open_ = open;
    if (series_) show_circuit();
  }

  void restart(std::string_view reason) override {
    const std::lock_guard lock{mutex_};
    if (!series_) return;
    const auto found = series_->restarts.find(reason);
    (found == series_->restarts.end() ? series_->restarts.find("other") : found)->second->Increment();
  }

  void set_aside() override {
    const std::lock_guard lock{mutex_};
    if (series_) series_->set_aside.Increment();
  }

  void lag(const outbox::RelayStatus* status) override {
    const std::lock_guard lock{mutex_};
    if (!series_) return;
    const auto show = [&](Gauges& family, double value) { series_->show(family, status != nullptr, value); };
    // Nobody has counted what is in the write-ahead log, nor knows how old it is.
    const bool counted = status != nullptr && status->lag_messages.has_value();
    series_->show(families_.lag, counted, counted ? static_cast<double>(*status->lag_messages) : 0);
    series_->show(families_.oldest, counted,
                  counted ? seconds(status->oldest_age.value_or(std::chrono::milliseconds{0})) : 0);
    show(families_.parked, status == nullptr ? 0 : static_cast<double>(status->parked));
    show(families_.dead_letters, status == nullptr ? 0 : static_cast<double>(status->dead_letters));
    const auto* slot = status != nullptr && status->slot ? &*status->slot : nullptr;
    show(families_.retained, slot == nullptr ? 0 : static_cast<double>(slot->retained_bytes));
  }

  void log_fault(bool fault) override {
    const std::lock_guard lock{mutex_};
    if (series_) series_->log_fault.Set(fault ? 1 : 0);
  }

  void retention(const outbox::RetentionStatus* status) override {
    const std::lock_guard lock{mutex_};
    if (!series_) return;
    series_->show(families_.bytes, status != nullptr,
                  status == nullptr ? 0 : static_cast<double>(status->size_bytes()));
    const auto* late = status == nullptr ? nullptr : status->overdue();
    series_->show_overdue(late == nullptr || late->held_by.empty() ? std::string{nobody} : late->held_by,
                          status != nullptr, late == nullptr ? 0 : seconds(late->overdue));
  }

  void claim_table(std::optional<std::int64_t> bytes) override {
    const std::lock_guard lock{mutex_};
    if (series_) series_->show(families_.claim_table, bytes.has_value(), static_cast<double>(bytes.value_or(0)));
  }

  void standby_fault(std::optional<bool> fault) override {
    const std::lock_guard lock{mutex_};
    if (series_) series_->show(families_.standby_fault, fault.has_value(), fault.value_or(false) ? 1 : 0);
  }

  void retire() override {
    const std::lock_guard lock{mutex_};
    series_.reset();
  }

 private:
  static Labels all_of(const SourceLabels& labels) {
    Labels all{{"relay", labels.relay}, {"source", labels.source}};
    if (!labels.database.empty()) all.emplace("database", labels.database);
    return all;
  }
  void show_circuit() { series_->circuit.Set(retrying_ || open_ ? 1 : 0); }

  const Labels labels_;
  Families& families_;
  std::mutex mutex_;
  std::unique_ptr<Series> series_;  // none: the source has gone
  std::chrono::duration<double> waited_{0};
  bool retrying_ = false;
  bool open_ = false;
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
  prometheus::Counter& spans_exported =
      Families::counter(registry, "annals_relay_spans_exported_total", "Spans that the collector took").Add({});
  prometheus::Counter& spans_dropped =
      Families::counter(registry, "annals_relay_spans_dropped_total",
                        "Spans that there was no room for, that were refused, or that were left at the end")
          .Add({});
  std::mutex mutex;
  std::map<SourceLabels, std::unique_ptr<Source>> sources;
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

SourceMetrics& Metrics::add_source(const SourceLabels& labels) {
  const std::lock_guard lock{impl_->mutex};
  auto& source = impl_->sources[labels];
  if (!source) source = std::make_unique<Source>(impl_->families, labels);
  source->begin();
  return *source;
}

void Metrics::spans(std::size_t exported, std::size_t dropped) {
  impl_->spans_exported.Increment(static_cast<double>(exported));
  impl_->spans_dropped.Increment(static_cast<double>(dropped));
}

std::string Metrics::text() {
  auto families = impl_->registry.Collect();
  add_process(families);
  return prometheus::TextSerializer{}.Serialize(families);
}

}  // namespace annals::relayd
