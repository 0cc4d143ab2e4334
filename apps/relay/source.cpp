#include "relay/source.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>

#include "annals/core/assert.hpp"
#include "annals/core/quote.hpp"
#include "annals/eventstore/schema.hpp"
#include "annals/outbox/schema.hpp"
#include "annals/outbox/status.hpp"
#include "annals/postgres/connection.hpp"
#include "annals/postgres/migrator.hpp"
#include "relay/database.hpp"

namespace annals::relayd {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// Longest wait inside one step: how soon a stop is noticed.
constexpr milliseconds step_wait_max{100};
/// How often a shard is tried that another process is to give up: it is one of few, and not for long.
constexpr milliseconds shard_poll{100};
/// A pause is slept in parts of this, each a sign of life.
constexpr milliseconds pause_part{500};
constexpr milliseconds retry_initial{100};
/// When a shard could not retire because its place is not a single position, or a message was released in doubt.
constexpr milliseconds publish_before_retiring{1'000};
/// How long a broker that was away is waited for before the next pause.
constexpr milliseconds probe_max{5'000};
constexpr milliseconds probe_wait{100};

Phase phase_of(outbox::StepReport::State state) noexcept {
  using State = outbox::StepReport::State;
  switch (state) {
    case State::standby: return Phase::standby;
    case State::publishing: return Phase::publishing;
    case State::idle: return Phase::idle;
    case State::blocked: return Phase::blocked;
  }
  return Phase::idle;
}

bool owns(Phase phase) noexcept {
  return phase == Phase::publishing || phase == Phase::idle || phase == Phase::blocked;
}

}  // namespace

Source::Source(postgres::MessageLog log, Parts parts)
    : log_(std::move(log)),
      parts_(parts),
      backoff_(Backoff::Options{.initial = retry_initial, .max = parts.config.limits.retry_max}),
      reading_(log_.name, parts.clock, parts.log) {
  parts_.metrics.enter(phase_);
  const auto& own = parts_.config.own_outboxes;
  const auto found = std::ranges::find(own, log_.name, &OwnOutbox::table);
  if (found != own.end()) own_.emplace(database_of(parts_.config), *found, parts_.relay);
}

host::ExitCode Source::run(const std::stop_token& stop) {
  auto code = host::ExitCode::ok;
  while (!stop.stop_requested()) {
    if (parts_.seat.wish() == Wish::leave) {
      stand_back(stop);
      code = host::ExitCode::ok;
      continue;
    }
    std::optional<host::ExitCode> end;
    try {
      end = session(stop);
      if (!end) continue;
    } catch (const Error& error) {
      end = judge(error);
    } catch (const std::exception& error) {
      end = retry("other", error.what(), "this is unexpected: please report it");
    }
    parts_.seat.set_owned(false);
    if (end) {
      if (phase_ != Phase::halted) enter(Phase::stopped);
      return *end;
    }
    // What was in flight when the session ended is undecided until the next one has sent it again.
    code = in_flight_ > 0 ? host::ExitCode::in_flight : host::ExitCode::ok;
    pause(stop);
  }
  enter(Phase::stopped);
  return code;
}

Source::Outcome Source::session(const std::stop_token& stop) {
  enter(Phase::connecting);
  parts_.health.beat(parts_.clock.steady());
  require_tables();
  const auto sink = parts_.open_sink();
  try {
    return publish(sink, stop);
  } catch (const Error&) {
    if (!sink.connected()) circuit(breaker_.trip(parts_.clock.steady()));
    throw;
  }
}

Source::Outcome Source::publish(const OpenSink& sink, const std::stop_token& stop) {
  if (breaker_.state() != Breaker::State::closed) probe(sink, stop);
  limits_ = parts_.limits.share(parts_.shard.count);
  auto relay = open_relay(sink);
  try {
    return publish(relay, sink, stop);
  } catch (const Error&) {
    for (const auto& message : relay.take_set_aside()) note(message);
    throw;
  }
}

Source::Outcome Source::publish(outbox::Relay& relay, const OpenSink& sink, const std::stop_token& stop) {
  bool caught_up = false;
  const auto publish_until = parts_.clock.steady() + publish_before_retiring;
  const auto works = [&] {
    const auto wish = parts_.seat.wish();
    if (wish != Wish::retire) return wish == Wish::hold;
    return publishes_before_retiring_ && parts_.clock.steady() < publish_until;
  };
  while (!stop.stop_requested() && !caught_up && works()) caught_up = step(relay, sink);
  if (!stop.stop_requested() && parts_.seat.wish() == Wish::retire) return retire(relay, stop);
  enter(Phase::draining);
  const bool left = !stop.stop_requested() && !caught_up;
  const bool drained = relay.drain(parts_.config.limits.drain_timeout);
  parts_.seat.set_owned(false);
  if (drained || left) {
    in_flight_ = 0;
    if (left) return std::nullopt;
    return host::ExitCode::ok;
  }
  parts_.log.write(
      host::Level::error, "stopped with messages in flight: they are sent again at the next start",
      {{"source", log_.name}, {"drain_timeout_ms", std::to_string(parts_.config.limits.drain_timeout.count())}});
  return host::ExitCode::in_flight;
}

/// The number of shards changes: nothing is published any more, unless what was published needs that to be said in one position.
Source::Outcome Source::retire(outbox::Relay& relay, const std::stop_token& stop) {
  enter(Phase::draining);
  while (!stop.stop_requested() && !relay.is_finished() && parts_.seat.wish() == Wish::retire) {
    parts_.health.beat(parts_.clock.steady());
    if (!relay.retire(parts_.config.limits.drain_timeout)) continue;
    parts_.log.write(host::Level::info, "retired: the number of shards changes",
                     {{"source", log_.name}, {"relay", parts_.relay}});
    parts_.seat.set_wish(Wish::leave);
    break;
  }
  publishes_before_retiring_ = relay.is_finished() && parts_.seat.wish() == Wish::retire;
  in_flight_ = 0;
  parts_.seat.set_owned(false);
  return std::nullopt;
}

/// The shard is left to other processes.
void Source::stand_back(const std::stop_token& stop) {
  parts_.seat.set_owned(false);
  if (phase_ != Phase::standby) {
    parts_.metrics.step({}, std::chrono::duration<double>{0});
    enter(Phase::standby);
  }
  parts_.health.beat(parts_.clock.steady());
  parts_.seat.wait(stop, pause_part);
}

/// The other side was away: nothing is read, and the log is left to relays that reach it, until it answers.
void Source::probe(const OpenSink& sink, const std::stop_token& stop) {
  const auto deadline = parts_.clock.steady() + probe_max;
  std::vector<outbox::Delivery> none;
  while (!sink.connected() && !stop.stop_requested()) {
    if (parts_.clock.steady() >= deadline) {
      throw Error{ErrorKind::disconnected,
                  "the sink's other side does not answer still",
                  {.hint = "is the broker up, and do address, security.protocol and credentials fit?"}};
    }
    sink.sink->poll(probe_wait, none);
    parts_.health.beat(parts_.clock.steady());
  }
}

outbox::Relay Source::open_relay(const OpenSink& sink) const {
  const auto database = database_of(parts_.config);
  auto options = relay_options(parts_.config, log_.name);
  options.shard = parts_.shard;
  options.instance = parts_.instance;
  options.rate_limits = limits_;
  if (parts_.shard.count > 1) options.standby_poll = std::min(options.standby_poll, shard_poll);
  if (sink.transactional != nullptr) return {database, log_, *sink.transactional, parts_.clock, std::move(options)};
  return {database, log_, *sink.sink, parts_.clock, std::move(options)};
}

void Source::require_tables() {
  postgres::Connection connection{database_of(parts_.config)};
  postgres::require_schema(connection, outbox::schema());
  if (log_.name == "events") postgres::require_schema(connection, eventstore::schema());
  if (own_) own_->begin(connection, parts_.clock.steady());
}

/// Returns true when this was the last step.
bool Source::step(outbox::Relay& relay, const OpenSink& sink) {
  limit(relay);
  const auto started = parts_.clock.steady();
  const auto report = relay.step(step_wait_max);
  observe(report, parts_.clock.steady() - started);
  // With nothing in flight the relay leaves the sink alone, and the sink would not notice that its broker went away.
  std::vector<outbox::Delivery> none;
  if (report.in_flight == 0 && owns(phase_)) sink.sink->poll(milliseconds{0}, none);
  ANNALS_ASSERT(none.empty());
  const bool connected = sink.connected();
  observe_sink(report, connected);
  return parts_.mode.until_caught_up && report.state == outbox::StepReport::State::idle && report.in_flight == 0;
}

void Source::observe_sink(const outbox::StepReport& report, bool connected) {
  parts_.health.set_sink_connected(connected);
  parts_.metrics.sink_connected(connected);
  const bool nothing_to_do = report.in_flight == 0 && report.state != outbox::StepReport::State::publishing;
  circuit(breaker_.observe(connected, report.delivered > 0 || nothing_to_do, parts_.clock.steady()));
}

/// One line for each change that matters to people.
void Source::circuit(std::optional<Breaker::State> change) {
  if (!change) return;
  parts_.metrics.circuit_open(*change != Breaker::State::closed);
  const auto lasted = std::chrono::duration_cast<seconds>(breaker_.lasted(parts_.clock.steady()));
  if (*change == Breaker::State::open) {
    parts_.log.write(host::Level::warn, "circuit open: the sink's other side is away, and nothing is published",
                     {{"source", log_.name}, {"relay", parts_.relay}});
  } else if (*change == Breaker::State::closed) {
    parts_.log.write(host::Level::info, "circuit closed: publishing again",
                     {{"source", log_.name}, {"relay", parts_.relay}, {"away_s", std::to_string(lasted.count())}});
  }
}

void Source::limit(outbox::Relay& relay) {
  auto limits = parts_.limits.share(parts_.shard.count);
  if (limits == limits_) return;
  relay.limit(limits);
  limits_ = std::move(limits);
}

void Source::observe(const outbox::StepReport& report, std::chrono::steady_clock::duration duration) {
  parts_.health.beat(parts_.clock.steady());
  parts_.metrics.step(report, duration);
  in_flight_ = report.in_flight;
  parts_.seat.set_owned(report.state != outbox::StepReport::State::standby);
  unprepared_since_.reset();
  if (report.delivered > 0 || report.in_flight == 0) backoff_.reset();
  if (const auto phase = phase_of(report.state); phase != phase_) enter(phase);
  parts_.metrics.log_fault(report.log_fault.has_value());
  reading_.look(report);
  for (const auto& message : report.set_aside) note(message);
  if (!own_) return;
  if (owns(phase_)) {
    own_->look(parts_.clock.steady());
  } else {
    own_->forget();
  }
}

/// The halt itself is told by halt(), once, with all of the error.
void Source::note(const outbox::SetAside& message) {
  if (message.policy == outbox::PoisonPolicy::halt) {
    halted_at_ = message;
    return;
  }
  parts_.metrics.set_aside();
  log_set_aside(message);
}

void Source::log_set_aside(const outbox::SetAside& message) {
  const bool parked = message.policy == outbox::PoisonPolicy::park;
  parts_.log.write_limited(
      host::Level::warn,
      parked ? "cannot be published: parked, and its key waits behind it"
             : "cannot be published: set aside as a dead letter",
      {{"source", log_.name},
       {"topic", message.topic},
       {"key", message.key},
       {"position", std::to_string(message.position)},
       {"id", message.id.to_string()},
       {"reason", message.reason},
       {"hint",
        fmt::format("mend the cause, then `annals outbox parked retry {} --log {} --position {}{} --reason WHY`",
                    quote_shell(parts_.relay), quote_shell(log_.name), message.position,
                    postgres::schema_option(log_.schema))}});
}

void Source::enter(Phase phase, std::string detail) {
  log_change(phase_, phase);
  phase_ = phase;
  parts_.health.enter(phase, std::move(detail));
  parts_.metrics.enter(phase);
}

void Source::log_change(Phase from, Phase to) {
  // Publishing and idle alternate with the traffic; what changes is who owns the table.
  const bool news = owns(from) != owns(to) || to == Phase::standby;
  if (from == to || !news || to == Phase::retrying || to == Phase::halted) return;
  parts_.log.write(host::Level::info, owns(to) ? "owner: publishing" : to_string(to),
                   {{"source", log_.name}, {"relay", parts_.relay}});
}

std::optional<host::ExitCode> Source::judge(const Error& error) {
  if (error.kind() == ErrorKind::corrupt) return halt(host::ExitCode::check_failed, error);
  if (error.kind() == ErrorKind::refused) return halt(host::ExitCode::halted, error);
  if (error.kind() == ErrorKind::invalid) return halt(host::ExitCode::usage, error);
  if (error.kind() == ErrorKind::not_ready) return await_preparation(error);
  return retry(to_string(error.kind()), error.message(), error.hint());
}

/// In a rolling deployment schema, role and rights come while we wait. A mistyped name never does.
std::optional<host::ExitCode> Source::await_preparation(const Error& error) {
  const auto now = parts_.clock.steady();
  if (!unprepared_since_) unprepared_since_ = now;
  const auto left = parts_.config.limits.not_ready_max - (now - *unprepared_since_);
  if (left <= milliseconds{0} && !parts_.mode.exit_on_unavailable) return halt(host::ExitCode::unavailable, error);
  return retry(to_string(error.kind()), error.message(), error.hint(),
               fmt::format("; gives up in {} s", std::chrono::ceil<seconds>(left).count()));
}

host::ExitCode Source::halt(host::ExitCode code, const Error& error) {
  enter(Phase::halted, told("halted", error.message()));
  const auto exit_code = std::to_string(static_cast<int>(code));
  if (halted_at_) {
    parts_.log.write(host::Level::error, "halted: this needs an operator",
                     {{"source", log_.name},
                      {"topic", halted_at_->topic},
                      {"key", halted_at_->key},
                      {"position", std::to_string(halted_at_->position)},
                      {"id", halted_at_->id.to_string()},
                      {"reason", error.message()},
                      {"hint", error.hint()},
                      {"exit_code", exit_code}});
  } else {
    parts_.log.write(
        host::Level::error, "halted: this needs an operator",
        {{"source", log_.name}, {"reason", error.message()}, {"hint", error.hint()}, {"exit_code", exit_code}});
  }
  return code;
}

std::optional<host::ExitCode> Source::retry(std::string_view reason, std::string_view message, std::string_view hint,
                                            std::string_view outlook) {
  enter(Phase::retrying, told(reason, message).append(outlook));
  parts_.metrics.restart(reason);
  parts_.health.set_sink_connected(false);
  parts_.metrics.sink_connected(false);
  const bool give_up = parts_.mode.exit_on_unavailable;
  parts_.log.write_limited(give_up ? host::Level::error : host::Level::warn,
                           give_up ? "unavailable" : "unavailable, will try again",
                           {{"source", log_.name}, {"kind", reason}, {"reason", message}, {"hint", hint}});
  if (give_up) return host::ExitCode::unavailable;
  return std::nullopt;
}

/// What the probe tells: names of hosts and users are for this machine only.
std::string Source::told(std::string_view reason, std::string_view message) const {
  const auto& listen = parts_.config.http.listen;
  if (listen && !listen->is_loopback()) return fmt::format("{}: see the log", reason);
  return fmt::format("{}: {}", reason, parts_.log.safe(message));
}

void Source::pause(const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock{mutex};
  for (auto left = backoff_.next(); left.count() > 0 && !stop.stop_requested(); left -= pause_part) {
    parts_.health.beat(parts_.clock.steady());
    wake.wait_for(lock, stop, std::min(left, pause_part), [] { return false; });
  }
}

}  // namespace annals::relayd
