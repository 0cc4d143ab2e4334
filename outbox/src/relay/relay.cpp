// The relay.
//
// A relay carries the rows of one table, in position order, to a sink, and remembers in its checkpoint how far the sink
// has confirmed them. It is made of
//   Ownership        who may publish: one relay of a name and table;
//   TableSource      what there is to publish: the exact tail, in chunks, and the doorbell;
//   Publisher        what became of it: sent, delivered, refused, in flight;
//   CheckpointStore  what is known for good to be delivered.
//
// Four numbers, each in its own hands, always in this order:
//   checkpoint (CheckpointStore) <= acknowledged (Publisher) <= sent (Publisher) <= read (TableSource)
//
// Invariants
//   I1  Everything at or below `acknowledged` was delivered, or skipped by the operator's choice. Deliveries are
//       reported in any order; only the contiguous prefix of what was sent counts.
//   I2  A checkpoint is written only by the owner of the lock, through the session that holds it, only from the value
//       that it wrote or read last, and only up to `acknowledged`. So what is at or below a checkpoint is never sent
//       again and never lost, and what is above it may be sent again after a crash: at least once.
//   I3  Messages go to the sink in position order, each once a run. The sink keeps that order per topic and key.
//   I4  No transaction is open while the sink is talked to: a read is one COPY, taken in completely, outside a block.
//   I5  After a refused message nothing is acknowledged, because the prefix ends before it, and nothing more is sent.
//
// Why order survives crashes and hand-overs. Each run sends, in order, everything after some checkpoint. Let m come
// before n, with one key. The run that makes n durable first either sent m before n itself, and then the sink made m
// durable first (contract of Sink); or started from a checkpoint at or above m, and then m was durable before that run
// (I2). So of everything that ever becomes durable, first occurrences are in order. It needs no fence against a former
// owner whose last messages arrive late: they are repetitions, or first occurrences in the same order.
//
// Named points of a step, where a fault test may kill the process:
//   "read"          rows are in memory, nothing of them is sent      crash: they are read again
//   "sent"          some were handed to the sink                     crash: those that arrived are sent again
//   "delivered"     the sink confirmed some                          crash: those above the checkpoint are sent again
//   "checkpoint"    about to write it                                crash: as "delivered"
//   "checkpointed"  written                                          crash: goes on from it
//
// A checkpoint is written with synchronous_commit off. A database crash may then forget the latest ones, which costs
// repetitions and never a message; waiting for the disk would cost the next message its latency.
#include "annals/outbox/relay.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "annals/core/clock.hpp"
#include "annals/core/error.hpp"
#include "annals/core/stream_name.hpp"
#include "annals/core/text.hpp"
#include "annals/outbox/sink.hpp"
#include "annals/outbox/status.hpp"
#include "annals/postgres/connection.hpp"
#include "annals/postgres/ownership.hpp"
#include "log/relay_table.hpp"
#include "log/table_source.hpp"
#include "poison/poison.hpp"
#include "progress/checkpoint_store.hpp"
#include "relay/publisher.hpp"
#include "relay/router.hpp"

namespace annals::outbox {

using namespace std::chrono_literals;
using std::chrono::milliseconds;
using TailState = postgres::OrderedTail::State;

namespace {

constexpr std::size_t relay_name_bytes_max = 128;
/// Messages sent between two looks at the sink, so that its reports do not pile up.
constexpr std::size_t collect_every = 1024;
/// How long to wait for the sink before looking at the table again, while messages are in flight.
constexpr milliseconds sink_wait_max = 2ms;
/// When caught up a checkpoint is written at once, but no more often than this.
constexpr milliseconds idle_checkpoint_interval = 10ms;

RelayOptions checked(RelayOptions options) {
  require_text("relay name", options.name, relay_name_bytes_max);
  if (options.batch_rows_max == 0 || options.batch_bytes_max == 0 || options.in_flight_max == 0) {
    throw invalid(fmt::format("relay \"{}\" has a limit of 0", options.name),
                  "every limit of RelayOptions is at least 1");
  }
  if (options.table == RelayTable::outbox && !options.routes.empty()) {
    throw invalid(fmt::format("relay \"{}\" has routes, but outbox messages name their topic", options.name),
                  "remove the routes, or relay the events table");
  }
  if (options.table == RelayTable::events && options.routes.empty()) {
    throw invalid(fmt::format("relay \"{}\" has no routes for events", options.name),
                  "add a route, for instance category \"*\"");
  }
  return options;
}

}  // namespace

struct Relay::Impl {
  Impl(const postgres::Database& database, Sink& sink, Clock& clock_in, RelayOptions options_in)
      : options(checked(std::move(options_in))),
        schema(database.schema),
        clock(clock_in),
        session(database),
        lock(session, lock_name_of(schema, options.table, options.name)),
        checkpoints(session, schema, options.table, options.name),
        router(options.routes),
        publisher(sink, options.in_flight_max) {
    session.execute("SET synchronous_commit = off");
  }

  // Ownership
  bool own();
  StepReport stand_by(milliseconds wait_max);

  // Work
  StepReport work(milliseconds wait_max);
  std::size_t pass(StepReport& report);
  std::size_t fill();
  std::size_t publish(StepReport& report);
  [[nodiscard]] bool route(MessageView& message) const;
  [[nodiscard]] bool is_published();
  [[nodiscard]] bool offer();
  std::size_t collect(milliseconds wait);
  void wait_for_work(milliseconds wait_max, StepReport& report);
  void settle(milliseconds wait_max);
  void hand_over(milliseconds wait_max);

  // Checkpoint
  [[nodiscard]] bool has_unsaved() const { return publisher.acknowledged() > checkpoints.saved(); }
  [[nodiscard]] milliseconds until_checkpoint(milliseconds interval) const;
  void save_when_due();
  void save();
  void save_before_leaving() noexcept;

  // Poison
  [[noreturn]] void halt(std::optional<Poison> poison, milliseconds wait_max);
  [[nodiscard]] Poison describe(const Delivery& refused);

  void complete(StepReport& report, bool progress);
  [[nodiscard]] bool has_unsent() const { return next < source->size(); }
  [[nodiscard]] bool is_caught_up() const { return !has_unsent() && source->state() == TailState::caught_up; }
  [[nodiscard]] bool is_quiet() const { return is_caught_up() && publisher.in_flight() == 0; }
  void at(std::string_view point) const {
    if (options.at_point) options.at_point(point);
  }

  RelayOptions options;
  std::string schema;
  Clock& clock;
  postgres::Connection session;  // the lock, the checkpoint and the reads: one session, one fate
  postgres::Ownership lock;
  CheckpointStore checkpoints;
  Router router;
  Publisher publisher;
  std::optional<TableSource> source;  // while this relay owns the table
  std::size_t next = 0;               // first row of the source that is not sent yet
  MessageView view;                   // kept for its memory
  std::optional<std::chrono::steady_clock::time_point> asked_at;
  std::chrono::steady_clock::time_point saved_at;
  milliseconds wait_limit{0};
  bool finished = false;
};

bool Relay::Impl::own() {
  if (source) {
    lock.touch();
    return true;
  }
  const auto now = clock.steady();
  if (asked_at && now - *asked_at < options.standby_poll) return false;
  asked_at = now;
  if (!lock.try_acquire()) return false;
  const auto position = checkpoints.load();
  publisher.start(position);
  source.emplace(session, clock, schema, options);
  source->start(position);
  next = 0;
  saved_at = now;
  return true;
}

StepReport Relay::Impl::stand_by(milliseconds wait_max) {
  const auto asked = clock.steady() - *asked_at;
  const auto left = std::chrono::ceil<milliseconds>(options.standby_poll - asked);
  clock.sleep_for(std::clamp(left, 0ms, wait_max));
  return {};
}

StepReport Relay::Impl::work(milliseconds wait_max) {
  wait_limit = wait_max;
  StepReport report;
  bool progress = pass(report) > 0;
  if (!progress) {
    wait_for_work(wait_max, report);
    progress = report.delivered > 0;
    if (source->ready()) progress = pass(report) > 0 || progress;
  }
  save_when_due();
  complete(report, progress);
  return report;
}

/// Reads, sends and collects without waiting; returns how much of anything happened.
std::size_t Relay::Impl::pass(StepReport& report) {
  const auto read = fill();
  const auto sent = publish(report);
  if (sent > 0) at("sent");
  const auto delivered = collect(0ms);
  report.read += read;
  report.delivered += delivered;
  return read + sent + delivered;
}

std::size_t Relay::Impl::fill() {
  if (has_unsent() || !source->ready()) return 0;
  next = 0;
  source->read();
  if (source->size() > 0) at("read");
  return source->size();
}

/// Sends what is unsent until the sink has no room; returns how many rows it got through.
std::size_t Relay::Impl::publish(StepReport& report) {
  const auto first = next;
  for (; has_unsent(); ++next) {
    if ((next - first) % collect_every == collect_every - 1) report.delivered += collect(0ms);
    source->decode(next, view);
    if (!is_published()) {
      publisher.skip(view.position);
    } else if (!offer()) {
      break;
    }
  }
  return next - first;
}

/// Fills in the topic of an event; false when no route names its category.
bool Relay::Impl::route(MessageView& message) const {
  if (options.table == RelayTable::events) message.topic = router.topic_of(category_of(message.subject));
  return !message.topic.empty();
}

/// False when the message is to be skipped. Halts at an event that should have a route.
bool Relay::Impl::is_published() {
  if (route(view)) return true;
  if (options.unrouted == Unrouted::skip) return false;
  halt(Poison{.position = view.position,
              .topic = {},
              .type = std::string{view.type},
              .reason = fmt::format("no route names category \"{}\"", printable(category_of(view.subject))),
              .hint = "add a route for the category or for \"*\", or let the relay skip what is not routed"},
       wait_limit);
}

/// False when the sink has no room. Halts at a message that it can never send.
bool Relay::Impl::offer() {
  try {
    return publisher.offer(view);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::invalid) throw;
    halt(Poison{.position = view.position,
                .topic = std::string{view.topic},
                .type = std::string{view.type},
                .reason = error.message(),
                .hint = error.hint()},
         wait_limit);
  }
}

std::size_t Relay::Impl::collect(milliseconds wait) {
  const auto delivered = publisher.collect(wait);
  if (delivered > 0) at("delivered");
  if (publisher.refused()) halt(std::nullopt, wait_limit);
  return delivered;
}

void Relay::Impl::wait_for_work(milliseconds wait_max, StepReport& report) {
  if (has_unsent()) {  // the sink is full: nothing to do but wait for it
    const auto wait = has_unsaved() ? std::min(wait_max, until_checkpoint(options.checkpoint_interval)) : wait_max;
    report.delivered += collect(wait);
  } else if (source->state() == TailState::blocked) {
    const auto wait = std::min(wait_max, source->pause());
    if (publisher.in_flight() > 0) {
      report.delivered += collect(wait);
    } else {
      clock.sleep_for(wait);
    }
    source->retry();
  } else if (publisher.in_flight() > 0) {
    report.delivered += collect(std::min(wait_max, sink_wait_max));
    source->listen(0ms, wait_max);
  } else {
    save_when_due();
    const auto wait = has_unsaved() ? std::min(wait_max, until_checkpoint(idle_checkpoint_interval)) : wait_max;
    source->listen(wait, wait_max);
  }
}

/// Waits at most `wait_max` until nothing is in flight. Leaves refusals for the caller.
void Relay::Impl::settle(milliseconds wait_max) {
  const auto deadline = clock.steady() + wait_max;
  while (publisher.in_flight() > 0) {
    const auto left = std::chrono::ceil<milliseconds>(deadline - clock.steady());
    if (publisher.collect(std::max(left, 0ms)) > 0) at("delivered");
    if (left <= 0ms) return;
  }
}

/// The end of a run: rows that were read and not sent are forgotten, the next owner reads them.
void Relay::Impl::hand_over(milliseconds wait_max) {
  settle(wait_max);
  if (publisher.refused()) throw_poison(describe(*publisher.refused()));
  if (has_unsaved()) save();
  source.reset();
  lock.release();
}

milliseconds Relay::Impl::until_checkpoint(milliseconds interval) const {
  return std::max(std::chrono::ceil<milliseconds>(saved_at + interval - clock.steady()), 0ms);
}

void Relay::Impl::save_when_due() {
  const auto interval =
      is_quiet() ? std::min(idle_checkpoint_interval, options.checkpoint_interval) : options.checkpoint_interval;
  if (has_unsaved() && until_checkpoint(interval) == 0ms) save();
}

void Relay::Impl::save() {
  at("checkpoint");
  checkpoints.save(publisher.acknowledged());
  saved_at = clock.steady();
  at("checkpointed");
}

/// On the way out with an error: what is known to be delivered need not be published again.
void Relay::Impl::save_before_leaving() noexcept {
  try {
    if (source && has_unsaved()) save();
  } catch (const std::exception&) {  // the error that is already on its way matters more; I2 holds without this
  }
}

/// Lets what is in flight settle, so that as little as possible is published twice; then throws the lowest poison.
void Relay::Impl::halt(std::optional<Poison> poison, milliseconds wait_max) {
  settle(wait_max);
  const auto& refused = publisher.refused();
  if (refused && (!poison || refused->position < poison->position)) poison = describe(*refused);
  throw_poison(*poison);
}

Poison Relay::Impl::describe(const Delivery& refused) {
  Poison poison{.position = refused.position, .topic = {}, .type = {}, .reason = refused.reason, .hint = {}};
  if (source->find(refused.position, view)) {
    (void)route(view);
    poison.type = view.type;
    poison.topic = view.topic;
  }
  return poison;
}

void Relay::Impl::complete(StepReport& report, bool progress) {
  report.in_flight = publisher.in_flight();
  report.acknowledged = publisher.acknowledged();
  report.checkpoint = checkpoints.saved();
  report.state = StepReport::State::publishing;
  if (progress) return;
  if (!has_unsent() && source->state() == TailState::blocked) {
    report.state = StepReport::State::blocked;
    report.blockers = source->blockers();
  } else if (is_quiet() && !has_unsaved()) {
    report.state = StepReport::State::idle;
  }
}

Relay::Relay(const postgres::Database& database, Sink& sink, Clock& clock, RelayOptions options)
    : impl_(std::make_unique<Impl>(database, sink, clock, std::move(options))) {}

Relay::~Relay() = default;

StepReport Relay::step(milliseconds wait_max) {
  if (impl_->finished) {
    throw invalid(fmt::format("step() of relay \"{}\" after it failed or was drained", impl_->options.name),
                  "make a new Relay and a new Sink");
  }
  try {
    return impl_->own() ? impl_->work(wait_max) : impl_->stand_by(wait_max);
  } catch (...) {
    impl_->finished = true;
    impl_->save_before_leaving();
    throw;
  }
}

bool Relay::drain(milliseconds wait_max) {
  if (impl_->finished) return impl_->publisher.in_flight() == 0;
  impl_->finished = true;
  if (!impl_->source) return true;
  try {
    impl_->hand_over(wait_max);
  } catch (...) {
    impl_->save_before_leaving();
    throw;
  }
  return impl_->publisher.in_flight() == 0;
}

}  // namespace annals::outbox
