#include "relay/reading_watch.hpp"

namespace annals::relayd {

using State = outbox::StepReport::State;
using std::chrono::seconds;

namespace {

/// Transactions open for less are ordinary.
constexpr seconds blocked_log_after{5};

}  // namespace

void ReadingWatch::look(const outbox::StepReport& report) {
  if (report.state == State::standby) return;
  look_at_blockers(report);
  look_at_log(report);
}

void ReadingWatch::look_at_blockers(const outbox::StepReport& report) {
  if (report.state != State::blocked && report.blockers.empty()) return blocked_since_.reset();
  const auto now = clock_.steady();
  if (!blocked_since_) blocked_since_ = now;
  if (now - *blocked_since_ < blocked_log_after || now < name_at_ || report.blockers.empty()) return;
  name_at_ = now + host::Log::repeat_interval;  // not write_limited(): their age makes every line a new one
  const auto waited = std::chrono::duration_cast<seconds>(now - *blocked_since_);
  for (const auto& blocker : report.blockers) name(blocker, waited);
}

void ReadingWatch::name(const postgres::Blocker& blocker, seconds waited) {
  const bool prepared = blocker.pid == 0;
  log_.write(host::Level::warn, "waits for an open transaction: what it has written is published when it ends",
             {{"source", source_},
              {"holder", blocker.holder},
              {prepared ? "gid" : "pid", prepared ? blocker.query : std::to_string(blocker.pid)},
              {"role", blocker.role},
              {"state", blocker.state},
              {"open", postgres::age_text(blocker)},
              {"waited_s", std::to_string(waited.count())},
              {"hint", postgres::remedy_text(blocker)}});
}

/// Once a change: of where it reads, and of what is wrong with the log.
void ReadingWatch::look_at_log(const outbox::StepReport& report) {
  const auto fault = report.log_fault ? report.log_fault->message() : std::string{};
  if (report.read_from == read_from_ && fault == log_fault_) return;
  const bool begins_as_told = !read_from_ && !report.log_fault;
  read_from_ = report.read_from;
  log_fault_ = fault;
  if (report.log_fault) {
    log_.write(host::Level::warn, "reads the table: the write-ahead log cannot be read",
               {{"source", source_}, {"reason", fault}, {"hint", report.log_fault->hint()}});
  } else if (!begins_as_told) {
    const bool from_log = read_from_ == outbox::ReadFrom::wal;
    log_.write(host::Level::info, from_log ? "reads the write-ahead log" : "reads the table", {{"source", source_}});
  }
}

}  // namespace annals::relayd
