#include "relay/health.hpp"

#include <fmt/format.h>

namespace annals::relayd {
namespace {

/// Why a source is not ready; empty when it is.
std::string obstacle(const SourceHealth::Snapshot& source, SourceHealth::Time now) {
  switch (source.phase) {
    case Phase::standby:
      if (!source.standby_fault.empty()) return source.standby_fault;
      break;
    case Phase::publishing:
    case Phase::idle:
    case Phase::blocked:
      if (!source.sink_connected) return "sink not connected";
      break;
    default: return source.detail.empty() ? std::string{to_string(source.phase)} : source.detail;
  }
  return now - source.beat > Health::step_max ? "the database does not answer" : "";
}

std::string prefix_of(const DatabaseHealth& database) { return database.name.empty() ? "" : database.name + " "; }

Health::Answer ready_of(const DatabaseHealth& database, SourceHealth::Time now) {
  if (database.sources.empty()) return {.good = false, .text = prefix_of(database) + "starting\n"};
  Health::Answer answer{.good = true, .text = {}};
  for (const auto& source : database.sources) {
    const auto state = source->snapshot();
    const auto why = obstacle(state, now);
    answer.good = answer.good && why.empty();
    answer.text += fmt::format("{}{}: {}{}{}\n", prefix_of(database), source->name(), to_string(state.phase),
                               why.empty() ? "" : ", not ready: ", why);
  }
  return answer;
}

}  // namespace

std::string_view to_string(Phase phase) noexcept {
  switch (phase) {
    case Phase::connecting: return "connecting";
    case Phase::standby: return "standby";
    case Phase::publishing: return "publishing";
    case Phase::idle: return "idle";
    case Phase::blocked: return "blocked";
    case Phase::retrying: return "retrying";
    case Phase::halted: return "halted";
    case Phase::draining: return "draining";
    case Phase::stopped: return "stopped";
  }
  return "";
}

void SourceHealth::enter(Phase phase, std::string detail) {
  const std::lock_guard lock{mutex_};
  state_.phase = phase;
  // A try to connect is no news: until it has come off, what ended the last one stands in the way.
  if (phase != Phase::connecting) state_.detail = std::move(detail);
}

void SourceHealth::set_sink_connected(bool connected) {
  const std::lock_guard lock{mutex_};
  state_.sink_connected = connected;
}

void SourceHealth::set_standby_fault(std::string fault) {
  const std::lock_guard lock{mutex_};
  state_.standby_fault = std::move(fault);
}

void SourceHealth::beat(Time now) {
  const std::lock_guard lock{mutex_};
  state_.beat = now;
}

SourceHealth::Snapshot SourceHealth::snapshot() const {
  const std::lock_guard lock{mutex_};
  return state_;
}

Health::Answer Health::live(SourceHealth::Time now) const {
  Answer answer{.good = true, .text = {}};
  for (const auto& database : databases_()) {
    for (const auto& source : database.sources) {
      const auto state = source->snapshot();
      const bool ended = state.phase == Phase::stopped || state.phase == Phase::halted;
      const bool hung = !ended && now - state.beat > database.stall;
      answer.good = answer.good && !hung;
      answer.text += fmt::format("{}{}: {}\n", prefix_of(database), source->name(), hung ? "hung" : "alive");
    }
  }
  return answer;
}

Health::Answer Health::ready(SourceHealth::Time now) const {
  const auto databases = databases_();
  Answer answer;
  std::size_t ready = 0;
  for (const auto& database : databases) {
    const auto one = ready_of(database, now);
    ready += one.good ? 1 : 0;
    answer.text += one.text;
  }
  answer.good = ready > 0;
  if (databases.size() == 1 && databases.front().name.empty()) return answer;
  const bool degraded = ready < databases.size();
  answer.text =
      fmt::format("{} of {} databases ready{}\n", ready, databases.size(), degraded ? ": degraded" : "") + answer.text;
  return answer;
}

}  // namespace annals::relayd
