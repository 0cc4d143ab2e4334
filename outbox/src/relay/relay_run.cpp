// How a relay works while it owns its log.
//
// Messages go from a MessageSource, in its order, to a Destination, which remembers in a checkpoint how far they are
// delivered. Beside these two ports there are
//   Admission           what is to be published at all, and to which topic;
//   Publisher           what became of it: sent, delivered, refused, in flight;
//   Committer           whether and when that is recorded;
//   Intake              what was read and is not sent yet;
//   Diversion, Parking, Release   what cannot be published is set aside, and comes back (poison/parking.cpp);
//   ClaimCheck          what is too large leaves as a reference to what stays in the database.
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
//   I6  Whoever waits for the destination stays the owner meanwhile: no wait is longer than Tenure::talk_within, and each
//       is followed by renewing the ownership; so is every message that took long to send. So a drain, or the settling after
//       a failure, may take longer than the lease and still record what it waited for.
//   I7  A payload that a message refers to is on disk before the message is sent.
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
#include <utility>

#include "annals/core/assert.hpp"
#include "annals/core/text.hpp"

namespace annals::outbox {

using namespace std::chrono_literals;
using std::chrono::milliseconds;
using SourceState = MessageSource::State;

namespace {

/// Messages sent between two looks at the destination, so that its reports do not pile up.
constexpr std::size_t collect_every = 1024;
/// How long messages are sent without a look at the lease and at the source. A sink may take a second for one (contract of
/// Sink).
constexpr milliseconds keep_alive_every = 50ms;
/// How long to wait for the log before looking at the destination again, while messages are in flight.
constexpr milliseconds look_while_in_flight = 1ms;

/// The first that the source gave.
const Delivery* first_refused(const std::vector<Delivery>& refused) {
  const auto found = std::ranges::find_if(refused, [](const auto& delivery) { return delivery.ticket > 0; });
  return found == refused.end() ? nullptr : &*found;
}

Poison poison_of(const MessageView& message, std::string reason, std::string hint) {
  return {.ticket = message.ticket,
          .place = {.position = message.position, .id = message.id},
          .topic = std::string{message.topic},
          .key = std::string{message.key},
          .type = std::string{message.type},
          .reason = std::move(reason),
          .hint = std::move(hint)};
}

}  // namespace

RelayRun::RelayRun(Parts parts)
    : source_(parts.source),
      clock_(parts.clock),
      options_(parts.options),
      log_(std::move(parts.log)),
      admission_(std::move(parts.admission)),
      tenure_(std::move(parts.tenure)),
      publisher_(parts.destination, options_.in_flight_max, parts.claims),
      diversion_({options_, log_, publisher_, admission_, parts.parked, parts.destination.commit_rule()}),
      committer_({source_, parts.destination, clock_, publisher_, options_, log_.name, diversion_.parking()}),
      intake_(source_),
      throttle_(options_.rate_limits) {
  committer_.start();
}

StepReport RelayRun::step(milliseconds wait_max) {
  StepReport report;
  bool progress = pass(report) > 0;
  if (!progress) {
    wait_for_work(wait_max, report);
    progress = report.delivered > 0;
    if (intake_.may_read()) progress = pass(report) > 0 || progress;
  }
  committer_.commit_when_due(is_quiet());
  complete(report, progress);
  return report;
}

/// Reads, sends and collects without waiting; returns how much of anything happened.
std::size_t RelayRun::pass(StepReport& report) {
  const auto released = diversion_.release().work(committer_, clock_.steady());
  source_.forget(publisher_.acknowledged());  // or it stays full, and is not waited for
  const auto read = fill();
  const auto sent = publish(report) + released;
  if (sent > 0) at("sent");
  committer_.hold_when_due(!is_throttled() && (!intake_.empty() || intake_.may_read()));
  const auto delivered = collect(0ms);
  source_.forget(publisher_.acknowledged());
  report.read += read;
  report.batches += read > 0 ? 1 : 0;
  report.delivered += delivered;
  return read + sent + delivered;
}

/// The source remembers the places of what is not acknowledged: messages that are passed over must not let it grow.
bool RelayRun::is_far_ahead() const {
  return intake_.ticket() - publisher_.acknowledged() >= static_cast<std::int64_t>(options_.in_flight_max) ||
         source_.full();
}

std::size_t RelayRun::fill() {
  if (!intake_.empty() || !intake_.may_read() || is_far_ahead()) return 0;
  const auto read = intake_.read();
  if (read > 0) at("read");
  return read;
}

/// Sends what is unsent until the destination has no room; returns how many messages it got through.
std::size_t RelayRun::publish(StepReport& report) {
  if (committer_.is_holding() || diversion_.release().is_ending()) return 0;
  throttle_.go();
  std::size_t done = 0;
  for (; !intake_.empty(); intake_.pop(), ++done) {
    keep_alive_when_due();
    if (done % collect_every == collect_every - 1) report.delivered += collect(0ms);
    if (!pass_on(intake_.front())) break;
  }
  return done;
}

/// False when there is no room for it now.
bool RelayRun::pass_on(MessageView& message) {
  const auto verdict = admission_.decide(message);
  if (verdict == Admission::Verdict::skip) {
    publisher_.skip(message.ticket);
    return true;
  }
  const bool poison = verdict == Admission::Verdict::poison;
  if (const auto taken = divert_known(message, poison); taken != Diversion::Taken::no) {
    return taken == Diversion::Taken::yes;
  }
  if (!poison) return send(message);
  const auto objection = admission_.objection(message);
  return divert(message, poison_of(message, objection.reason, objection.hint));
}

Diversion::Taken RelayRun::divert_known(const MessageView& message, bool poison) {
  try {
    return diversion_.divert_known(message, poison);
  } catch (const Error& error) {
    fail(std::nullopt, error);
  }
}

/// False when there is no room for it now.
bool RelayRun::divert(const MessageView& message, const Poison& poison) {
  std::optional<Diversion::Taken> taken;
  try {
    taken = diversion_.divert(message, poison.reason);
  } catch (const Error& error) {
    fail(std::nullopt, error);
  }
  if (!taken) fail(poison, std::nullopt);
  return *taken == Diversion::Taken::yes;
}

/// False when the destination has no room, or a rate limit lets nothing through.
bool RelayRun::send(MessageView& message) {
  if (throttle_.wait(message.topic, clock_.steady()) > Throttle::Duration::zero() || !offer(message)) return false;
  throttle_.take(message.topic, message.key.size() + message.payload.size());
  return true;
}

void RelayRun::keep_alive_when_due() {
  const auto now = clock_.steady();
  if (now - kept_alive_ < keep_alive_every) return;
  kept_alive_ = now;
  source_.rest();
  tenure_.renew();
}

/// False when the destination has no room.
bool RelayRun::offer(const MessageView& message) {
  try {
    return publisher_.offer(message);
  } catch (const Error& error) {
    if (is_refusal(error)) return divert(message, poison_of(message, error.message(), error.hint()));
    fail(std::nullopt, error);
  }
}

std::size_t RelayRun::collect(milliseconds wait) {
  std::size_t delivered = 0;
  try {
    delivered = publisher_.collect(std::min(wait, tenure_.talk_within));
  } catch (const Error& error) {
    fail(std::nullopt, error);
  }
  tenure_.renew();
  if (delivered > 0) at("delivered");
  if (publisher_.failed()) fail(std::nullopt, std::nullopt);
  return delivered;
}

void RelayRun::wait_for_work(milliseconds wait_max, StepReport& report) {
  const bool quiet = is_quiet();
  const bool may_commit = committer_.has_unsaved() && committer_.may_commit();
  const auto until = may_commit ? std::min(wait_max, committer_.until_due(quiet)) : wait_max;
  if (!intake_.empty() || is_far_ahead() || (committer_.is_holding() && publisher_.in_flight() > 0)) {
    // the destination is full or slow, or its transaction ends when all of it is reported: wait for it
    source_.rest();
    wait_for_destination(until, report);
  } else if (publisher_.in_flight() > 0) {
    intake_.wait(std::min(wait_max, look_while_in_flight));
    report.delivered += collect(0ms);
  } else {
    committer_.commit_when_due(quiet);
    intake_.wait(committer_.has_unsaved() ? std::min(wait_max, committer_.until_due(quiet)) : wait_max);
  }
}

void RelayRun::wait_for_destination(milliseconds wait_max, StepReport& report) {
  if (!is_throttled()) {
    report.delivered += collect(wait_max);
    return;
  }
  const auto begin = clock_.steady();
  report.delivered += collect(std::min(wait_max, std::chrono::ceil<milliseconds>(throttle_.left())));
  report.throttled += clock_.steady() - begin;
}

bool RelayRun::is_quiet() const {
  return intake_.empty() && intake_.state() == SourceState::caught_up && publisher_.in_flight() == 0 &&
         !diversion_.release().is_active();
}

void RelayRun::complete(StepReport& report, bool progress) {
  const auto sums = publisher_.take_sums();
  report.delivered_bytes = sums.bytes;
  report.released = sums.aside;
  report.claimed = sums.claims.messages;
  report.claimed_bytes = sums.claims.bytes;
  report.in_flight = publisher_.in_flight();
  report.acknowledged = source_.place(publisher_.acknowledged()).position;
  report.checkpoint = committer_.position();
  report.set_aside = diversion_.take_news();
  report.parked_keys = diversion_.parking().keys();
  report.blockers = source_.blockers();
  report.state = StepReport::State::publishing;
  if (progress) return;
  if (intake_.empty() && intake_.state() == SourceState::blocked) {
    report.state = StepReport::State::blocked;
  } else if (is_quiet() && !committer_.has_unsaved()) {
    report.state = StepReport::State::idle;
  }
}

// The end

void RelayRun::settle(milliseconds wait_max) {
  const auto deadline = clock_.steady() + wait_max;
  while (publisher_.in_flight() > 0) {
    const auto left = std::chrono::ceil<milliseconds>(deadline - clock_.steady());
    if (publisher_.collect(std::clamp(left, 0ms, tenure_.talk_within)) > 0) at("delivered");
    tenure_.renew();
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
  const auto& all_refused = publisher_.refused();
  const bool first = !all_refused.empty() && (!poison || all_refused.front().ticket < poison->ticket);
  if (first && diversion_.divert_refused(source_)) {
    throw Error{
        ErrorKind::failed,
        fmt::format("{} messages of {} were refused and are set aside, the first because: {}", all_refused.size(),
                    log_.name, all_refused.front().reason),
        {.hint = "a new relay goes on with what need not wait; see `annals outbox parked list`", .retryable = true}};
  }
  const auto* refused = first_refused(all_refused);
  if (refused != nullptr && (!poison || refused->ticket < poison->ticket)) poison = describe(*refused);
  if (poison) {
    diversion_.tell_halt(*poison);
    throw_poison(*poison, options_.name, log_);
  }
  if (broken) {
    throw Error{
        broken->kind(), broken->message(), {.hint = broken->hint(), .sqlstate = broken->sqlstate(), .retryable = true}};
  }
  const auto& undecided = publisher_.undecided();
  ANNALS_ASSERT(undecided.has_value());
  throw Error{ErrorKind::failed,
              fmt::format("the sink gave up what was in flight, from position {} of {} on: {}",
                          source_.place(undecided->ticket).position, log_.name, undecided->reason),
              {.hint = "nothing is lost: with a new sink it is sent again", .retryable = true}};
}

Poison RelayRun::describe(const Delivery& refused) {
  MessageView message;
  if (source_.find(refused.ticket, message)) {
    (void)admission_.route(message);
    return poison_of(message, refused.reason, {});
  }
  return {.ticket = refused.ticket, .place = source_.place(refused.ticket), .reason = refused.reason};
}

void RelayRun::drain(milliseconds wait_max) {
  settle(wait_max);
  if (publisher_.failed()) fail(std::nullopt, std::nullopt);
  committer_.commit_rest();
  committer_.commit_move();
}

void RelayRun::leave() noexcept {
  try {
    committer_.commit_rest_after_failure();
  } catch (const std::exception&) {  // the error that is already on its way matters more; I2 holds without this
  }
}

}  // namespace annals::outbox
