// How a relay works while it owns its log.
//
// Messages go from a MessageSource, in its order, to a Destination, which remembers in a checkpoint how far they are
// delivered. Beside these two ports there are
//   Admission           what is to be published at all, and to which topic;
//   Publisher           what became of it: sent, delivered, refused, in flight;
//   CheckpointSchedule  when it is time to record it.
// The run knows neither tables nor positions: it counts tickets, 1, 2, 3 … from where it began.
//
// Four tickets, each in its own hands, always in this order:
//   committed (Destination) <= acknowledged (Publisher) <= sent (Publisher) <= read (MessageSource)
//
// Invariants
//   I1  Everything at or below `acknowledged` was delivered, or passed over by the operator's choice. Deliveries are
//       reported in any order; only the contiguous prefix of what was sent counts.
//   I2  A checkpoint is committed only by a destination that no successor has shut out, and only up to `acknowledged`. So
//       what is at or below a checkpoint is never sent again and never lost, and what is above it may be sent again after
//       a crash: at least once.
//   I3  Messages go to the destination in the source's order, each once a run. The destination keeps that order per topic
//       and key.
//   I4  No database transaction is open while the destination is talked to (contract of MessageSource).
//   I5  After a message was refused, or given up, nothing is acknowledged, because the prefix ends before it, and nothing
//       more is sent. Only what the other side said no to is called poison: a sink that breaks says nothing about the
//       messages it had.
//
// Why order survives crashes and hand-overs. Each run sends, in order, everything after some checkpoint. Let m come
// before n, with one key. The run that makes n durable first either sent m before n itself, and then the sink made m
// durable first (contract of Sink); or started from a checkpoint at or above m, and then m was durable before that run
// (I2), or is one that an operator gave up. So of everything that ever becomes durable, first occurrences are in order.
// It needs no fence against a former owner whose last messages arrive late: they are repetitions, or first occurrences in
// the same order.
//
// Named points of a step, where a fault test may kill the process:
//   "read"          messages are in memory, nothing of them is sent  crash: they are read again
//   "sent"          some were handed to the destination              crash: those that arrived are sent again
//   "delivered"     the destination confirmed some                   crash: those above the checkpoint are sent again
//   "checkpoint"    about to commit it                               crash: as "delivered"
//   "checkpointed"  committed                                        crash: goes on from it
#include "relay/relay_run.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "annals/core/assert.hpp"
#include "annals/core/text.hpp"

namespace annals::outbox {

using namespace std::chrono_literals;
using std::chrono::milliseconds;
using SourceState = MessageSource::State;
using Commit = Destination::Commit;
using CommitRule = Destination::CommitRule;

namespace {

/// Messages sent between two looks at the destination, so that its reports do not pile up.
constexpr std::size_t collect_every = 1024;
/// How long to wait for the log before looking at the destination again, while messages are in flight.
constexpr milliseconds look_while_in_flight = 1ms;

/// A message that is not sent because of itself: `invalid` is what is wrong with it in any hands, `refused` in these.
bool is_refusal(const Error& error) { return error.kind() == ErrorKind::refused || error.kind() == ErrorKind::invalid; }

Error unknown_name(const std::string& relay, const std::string& log, const std::vector<std::string>& others) {
  std::string names;
  for (const auto& other : others) names += fmt::format("{}\"{}\"", names.empty() ? "" : ", ", printable(other));
  return invalid(
      fmt::format("relay \"{}\" is new to {}, which others publish already: {}", printable(relay), log, names),
      "use the name of the one that is to go on; or, if this is another one, say where it starts: beginning, end or a "
      "position");
}

}  // namespace

RelayRun::RelayRun(MessageSource& source, Destination& destination, Clock& clock, const RelayOptions& options,
                   const std::string& log, Admission admission)
    : source_(source),
      destination_(destination),
      clock_(clock),
      options_(options),
      log_(log),
      admission_(std::move(admission)),
      publisher_(destination, options.in_flight_max),
      schedule_(options.checkpoint_interval) {
  source_.start(open(destination_));
  committed_position_ = source_.place(0).position;
  schedule_.start(clock_.steady());
}

/// Where to go on; a name without checkpoint gets its first one.
Cursor RelayRun::open(Destination& destination) {
  const auto checkpoint = destination.open();
  if (!checkpoint.cursor.empty()) return checkpoint.cursor;
  if (!options_.start && !checkpoint.others.empty()) throw unknown_name(options_.name, log_, checkpoint.others);
  auto cursor = source_.first(options_.start.value_or(Start{}), options_.start_timeout);
  if (destination.commit(cursor) == Commit::committed) return cursor;
  throw Error{ErrorKind::disconnected,
              fmt::format("relay \"{}\" could not record where it starts", printable(options_.name)),
              {.hint = "another relay of this name may have started at the same moment: try again"}};
}

StepReport RelayRun::step(milliseconds wait_max) {
  StepReport report;
  bool progress = pass(report) > 0;
  if (!progress) {
    wait_for_work(wait_max, report);
    progress = report.delivered > 0;
    if (may_read_) progress = pass(report) > 0 || progress;
  }
  commit_when_due();
  complete(report, progress);
  return report;
}

/// Reads, sends and collects without waiting; returns how much of anything happened.
std::size_t RelayRun::pass(StepReport& report) {
  const auto read = fill();
  const auto sent = publish(report);
  if (sent > 0) at("sent");
  const auto delivered = collect(0ms);
  report.read += read;
  report.delivered += delivered;
  return read + sent + delivered;
}

std::size_t RelayRun::fill() {
  // The source remembers the places of what is not acknowledged: messages that are passed over must not let it grow.
  const bool ahead = last_read_ - publisher_.acknowledged() >= static_cast<std::int64_t>(options_.in_flight_max);
  if (has_unsent() || !may_read_ || ahead) return 0;
  source_.forget(publisher_.acknowledged());
  next_ = 0;
  state_ = source_.read();
  may_read_ = state_ == SourceState::rows && source_.more();
  last_read_ += static_cast<std::int64_t>(source_.size());
  if (source_.size() > 0) at("read");
  return source_.size();
}

/// Sends what is unsent until the destination has no room; returns how many messages it got through.
std::size_t RelayRun::publish(StepReport& report) {
  if (is_holding()) return 0;
  const auto first = next_;
  const auto size = source_.size();
  for (; next_ < size; ++next_) {
    if ((next_ - first) % collect_every == collect_every - 1) report.delivered += collect(0ms);
    source_.decode(next_, view_);
    const auto verdict = admission_.decide(view_);
    if (verdict == Admission::Verdict::poison) {
      const auto objection = admission_.objection(view_);
      fail(poison_at_hand(objection.reason, objection.hint), std::nullopt);
    }
    if (verdict == Admission::Verdict::skip) {
      publisher_.skip(view_.ticket);
    } else if (!offer()) {
      break;
    }
  }
  return next_ - first;
}

/// False when the destination has no room.
bool RelayRun::offer() {
  try {
    return publisher_.offer(view_);
  } catch (const Error& error) {
    if (is_refusal(error)) fail(poison_at_hand(error.message(), error.hint()), std::nullopt);
    fail(std::nullopt, error);
  }
}

std::size_t RelayRun::collect(milliseconds wait) {
  std::size_t delivered = 0;
  try {
    delivered = publisher_.collect(wait);
  } catch (const Error& error) {
    fail(std::nullopt, error);
  }
  if (delivered > 0) at("delivered");
  if (publisher_.failed()) fail(std::nullopt, std::nullopt);
  return delivered;
}

void RelayRun::wait_for_work(milliseconds wait_max, StepReport& report) {
  const auto until = has_unsaved() && may_commit() ? std::min(wait_max, until_commit()) : wait_max;
  if (has_unsent()) {  // the destination is full, or holds for a commit: nothing to do but wait for it
    source_.rest();
    report.delivered += collect(until);
  } else if (publisher_.in_flight() > 0) {
    may_read_ = may_read_ || source_.wait(std::min(wait_max, look_while_in_flight));
    report.delivered += collect(0ms);
  } else {
    commit_when_due();
    may_read_ = source_.wait(has_unsaved() ? std::min(wait_max, until_commit()) : wait_max);
  }
}

bool RelayRun::is_quiet() const {
  return !has_unsent() && state_ == SourceState::caught_up && publisher_.in_flight() == 0;
}

void RelayRun::complete(StepReport& report, bool progress) {
  report.in_flight = publisher_.in_flight();
  report.acknowledged = source_.place(publisher_.acknowledged()).position;
  report.checkpoint = committed_position_;
  report.state = StepReport::State::publishing;
  if (progress) return;
  if (!has_unsent() && state_ == SourceState::blocked) {
    report.state = StepReport::State::blocked;
    report.blockers = source_.blockers();
  } else if (is_quiet() && !has_unsaved()) {
    report.state = StepReport::State::idle;
  }
}

// Checkpoint

milliseconds RelayRun::until_commit() const { return schedule_.until_due(is_quiet(), clock_.steady()); }

bool RelayRun::may_commit() const {
  return destination_.commit_rule() == CommitRule::any_prefix || publisher_.in_flight() == 0;
}

/// Where everything sent is committed together, nothing more is sent while a commit waits for what is in flight.
bool RelayRun::is_holding() const {
  return destination_.commit_rule() == CommitRule::all_sent && publisher_.in_flight() > 0 &&
         schedule_.until_due(false, clock_.steady()) == 0ms;
}

void RelayRun::commit_when_due() {
  if (has_unsaved() && may_commit() && until_commit() == 0ms) commit();
}

void RelayRun::commit() {
  at("checkpoint");
  const auto ticket = publisher_.acknowledged();
  const auto cursor = source_.cursor(ticket);
  const auto outcome = destination_.commit(cursor);
  if (outcome == Commit::fenced) {
    throw Error{ErrorKind::disconnected,
                fmt::format("another relay \"{}\" has taken {} over", printable(options_.name), log_),
                {.hint = "a new one stands by; nothing is lost"}};
  }
  if (outcome != Commit::committed) {
    throw Error{
        ErrorKind::failed,
        fmt::format("the checkpoint of relay \"{}\" on {} was {}", printable(options_.name), log_,
                    outcome == Commit::aborted ? "not committed" : "sent, and whether it is committed is unknown"),
        {.hint = "a new relay goes on from what is committed", .retryable = true}};
  }
  source_.acknowledge(cursor);
  committed_ = ticket;
  committed_position_ = source_.place(ticket).position;
  schedule_.saved(clock_.steady());
  at("checkpointed");
}

// The end

void RelayRun::settle(milliseconds wait_max) {
  const auto deadline = clock_.steady() + wait_max;
  while (publisher_.in_flight() > 0) {
    const auto left = std::chrono::ceil<milliseconds>(deadline - clock_.steady());
    if (publisher_.collect(std::max(left, 0ms)) > 0) at("delivered");
    if (left <= 0ms) return;
  }
}

/// Lets what is in flight settle, so that the message at fault is known and as little as possible is published twice.
/// Then: the first message that was refused, by whomever; or the reason why the destination is broken; or that it gave up
/// messages without a word about them.
void RelayRun::fail(std::optional<Poison> poison, std::optional<Error> broken) {
  try {
    settle(options_.settle_timeout);
  } catch (const Error& error) {
    if (!broken && !poison) broken = error;
  }
  const auto& refused = publisher_.refused();
  if (refused && (!poison || refused->ticket < poison->ticket)) poison = describe(*refused);
  if (poison) throw_poison(*poison, options_.name, log_);
  if (broken) {
    throw Error{
        broken->kind(), broken->message(), {.hint = broken->hint(), .sqlstate = broken->sqlstate(), .retryable = true}};
  }
  const auto& undecided = publisher_.undecided();
  ANNALS_ASSERT(undecided.has_value());
  throw Error{ErrorKind::failed,
              fmt::format("the sink gave up what was in flight, from position {} of {} on: {}",
                          source_.place(undecided->ticket).position, log_, undecided->reason),
              {.hint = "nothing is lost: with a new sink it is sent again", .retryable = true}};
}

Poison RelayRun::poison_at_hand(std::string reason, std::string hint) const {
  return {.ticket = view_.ticket,
          .place = {.position = view_.position, .id = view_.id},
          .topic = std::string{view_.topic},
          .type = std::string{view_.type},
          .reason = std::move(reason),
          .hint = std::move(hint)};
}

Poison RelayRun::describe(const Delivery& refused) {
  if (source_.find(refused.ticket, view_)) {
    (void)admission_.route(view_);
    return poison_at_hand(refused.reason, {});
  }
  return {.ticket = refused.ticket, .place = source_.place(refused.ticket), .reason = refused.reason};
}

void RelayRun::drain(milliseconds wait_max) {
  settle(wait_max);
  if (publisher_.failed()) fail(std::nullopt, std::nullopt);
  if (has_unsaved() && may_commit()) commit();
}

void RelayRun::leave() noexcept {
  try {
    const bool whole = destination_.commit_rule() == CommitRule::any_prefix || !publisher_.failed();
    if (has_unsaved() && may_commit() && whole) commit();
  } catch (const std::exception&) {  // the error that is already on its way matters more; I2 holds without this
  }
}

}  // namespace annals::outbox
