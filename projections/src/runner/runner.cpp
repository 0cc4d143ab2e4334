// The runner.
//
// A runner reads the log after the checkpoint, in position order, and applies a batch in one transaction T:
//   1. lock the checkpoint's row and see that it still stands where the batch was read from;
//   2. handlers, flush;
//   3. move the checkpoint to the batch's last event;
//   4. commit.
//
// Why every event takes effect exactly once.
//   The read model is written only by such transactions. Each starts at the checkpoint that it locked (1) and moves it
//   to its last event (3), and the lock orders them: the batches that committed, laid end to end, are the log from zero
//   to the checkpoint, each event once and in order (the exact tail skips none). So the read model is the fold of just
//   that. Nothing in this depends on who is the owner, on a connection that lives, or on what a runner remembers. A
//   batch that was killed before its commit left nothing. A commit whose answer was lost did or did not move the
//   checkpoint; the next runner reads which. Two owners at once (impossible as long as the lock's session is the
//   writing session) would overtake, not repeat, each other: the second finds the checkpoint moved and reads again from
//   there.
//
// Ownership is therefore only there to save work: standbys do not read and throw away what the owner applies. The
// advisory lock is held by the session that writes, so that who lost one lost the other.
//
// A reset is a transaction as well: reset hook, checkpoint to zero. When the reset is asked for while a runner is in
// the middle of a batch, the request waits for the batch's lock on the row, and the runner finds it when it locks the
// row the next time.
//
// Named points of a step, where a fault test may kill the process:
//   "read"       a batch is in memory, no transaction is open
//   "locked"     the transaction holds the checkpoint
//   "applied"    all handlers have run
//   "flushed"    the flush hook has run
//   "commit"     the checkpoint has moved, about to commit
//   "committed"  the server has confirmed
// Before the commit, a crash leaves nothing of the batch; after it, all.
#include "annals/projections/runner.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>

#include "annals/core/assert.hpp"
#include "annals/core/clock.hpp"
#include "annals/core/error.hpp"
#include "annals/core/text.hpp"
#include "annals/eventstore/event_tail.hpp"
#include "annals/postgres/cluster_identity.hpp"
#include "annals/postgres/connection.hpp"
#include "annals/postgres/error.hpp"
#include "annals/postgres/migrator.hpp"
#include "annals/postgres/ownership.hpp"
#include "annals/postgres/pqxx_compat.hpp"
#include "annals/projections/projection.hpp"
#include "annals/projections/schema.hpp"
#include "runner/checkpoint.hpp"
#include "runner/dispatcher.hpp"

namespace annals::projections {

using eventstore::EventBatch;
using eventstore::EventTail;
using std::chrono::milliseconds;
using State = StepReport::State;

namespace {

struct Place {
  GlobalPosition position;
  EventId id;
};

/// A read model is read by people and services, not waited for by the next step: events may gather for a moment.
constexpr std::chrono::microseconds look_again = std::chrono::milliseconds{2};
constexpr std::chrono::microseconds awake = std::chrono::milliseconds{10};

/// Gathering pays when more than two events come meanwhile: fewer are a transaction each whether they wait or not.
postgres::Doorbell::Pace pace_of(milliseconds gather) {
  const auto seconds = std::chrono::duration<double>{gather}.count();
  return {.look_again = look_again, .gather = gather, .busy_rate = seconds > 0 ? 2 / seconds : 0, .awake = awake};
}

RunnerOptions checked(RunnerOptions options) {
  if (options.batch_events_max == 0 || options.batch_bytes_max == 0) {
    throw invalid("a runner has a limit of 0", "every limit of RunnerOptions is at least 1");
  }
  return options;
}

std::string require_schema_and_identify(const postgres::Database& database) {
  postgres::Connection connection{database};
  postgres::require_schema(connection, schema());
  return postgres::read_cluster_identity(connection).system_identifier;
}

}  // namespace

struct Runner::Impl {
  Impl(const postgres::Database& database, const Projection& projection_in, const TypeRegistry& types, Clock& clock_in,
       RunnerOptions options_in)
      : projection(projection_in),
        clock(clock_in),
        options(checked(std::move(options_in))),
        label(fmt::format("projection \"{}\" version {}", projection.name(), projection.version())),
        dispatcher(projection.handlers(), types),
        checkpoint({.schema = database.schema, .name = projection.name(), .version = projection.version()},
                   require_schema_and_identify(database)),
        session(postgres::open_pqxx(database)),
        ownership(*session, lock_name_of(database.schema, projection.name(), projection.version()),
                  database.ownership_lease),
        tail(database, {.rows_max = options.batch_events_max,
                        .bytes_max = options.batch_bytes_max,
                        .pace = pace_of(options.gather)}) {}

  template <class Work>
  auto in_transaction(Work work);
  bool own();
  void disown() noexcept;
  StepReport stand_by(milliseconds wait_max);
  bool sync();
  void empty(pqxx::transaction_base& tx);

  StepReport work(milliseconds wait_max);
  std::size_t apply(const EventBatch& batch);
  bool begin(pqxx::transaction_base& tx);
  void handle(pqxx::transaction_base& tx, const RecordedEvent& event);
  void finish(pqxx::transaction_base& tx, const Place& last);
  void wait(EventBatch::State state, milliseconds wait_max, StepReport& report);

  void point(std::string_view name) const {
    if (options.at_point) options.at_point(name);
  }
  [[nodiscard]] GlobalPosition at() const noexcept { return GlobalPosition{position.load()}; }

  const Projection& projection;
  Clock& clock;
  RunnerOptions options;
  std::string label;
  Dispatcher<RecordedEvent> dispatcher;
  Checkpoint checkpoint;
  std::unique_ptr<pqxx::connection> session;
  postgres::Ownership ownership;  // held by the session that writes
  EventTail tail;
  bool set_up = false;
  bool synced = false;  // `position` is what the checkpoint said last, and it is of this history
  std::atomic<std::int64_t> position{0};
};

template <class Work>
auto Runner::Impl::in_transaction(Work work) {
  try {
    pqxx::work tx{*session};
    const auto result = work(tx);
    postgres::commit(tx);
    return result;
  } catch (const Error&) {
    throw;
  } catch (...) {
    rethrow_at(label);
  }
}

bool Runner::Impl::own() {
  ownership.touch();
  return ownership.try_acquire();
}

void Runner::Impl::disown() noexcept {
  try {
    ownership.release();
    tail.wake_up();         // who stands by is not heard of
  } catch (const Error&) {  // the session is gone, and the lock with it
  }
}

StepReport Runner::Impl::stand_by(milliseconds wait_max) {
  clock.sleep_for(std::min(wait_max, options.standby_poll));
  return {.state = State::standby, .position = at()};
}

/// Takes the position from the checkpoint, after a reset where one was asked for; returns whether it was. The first
/// time it runs the setup hook, under the lock on the row.
bool Runner::Impl::sync() {
  tail.wake_up();  // setup and reset may take their time
  GlobalPosition found;
  const bool was_reset = in_transaction([&](pqxx::work& tx) {
    if (!set_up) checkpoint.create(tx);  // a row that goes missing later must not begin again over a full read model
    const auto row = checkpoint.lock(tx);
    if (!set_up && projection.hooks().setup) projection.hooks().setup(tx);
    if (row.reset_requested) {
      empty(tx);
    } else {
      checkpoint.require_ours(tx, row);
      found = row.position;
    }
    return row.reset_requested;
  });
  position = found.value();
  set_up = true;
  synced = true;
  return was_reset;
}

void Runner::Impl::empty(pqxx::transaction_base& tx) {
  if (!projection.hooks().reset) {
    throw invalid(fmt::format("{} is to be reset and has no reset hook", label),
                  "give it one that empties what it writes to");
  }
  projection.hooks().reset(tx);
  checkpoint.reset(tx);
}

StepReport Runner::Impl::work(milliseconds wait_max) {
  StepReport report{.state = State::running};
  if (!synced) {
    report.reset = sync();
    report.position = at();
    return report;
  }
  if (!tail.ready()) (void)tail.wait(wait_max);
  const auto batch = tail.read(at(), options.batch_events_max);
  if (batch.empty()) {
    wait(batch.state(), wait_max, report);
  } else {
    report.applied = apply(batch);
  }
  report.position = at();
  return report;
}

/// One transaction; returns how many events it applied. None when the checkpoint is not where the batch was read from.
std::size_t Runner::Impl::apply(const EventBatch& batch) {
  point("read");
  pqxx::work tx{*session};
  if (!begin(tx)) return 0;
  Place last{.position = at(), .id = {}};
  for (const auto& event : batch) {
    ANNALS_ASSERT(event.position > last.position);
    handle(tx, event);
    last = {.position = event.position, .id = event.id};
  }
  finish(tx, last);
  postgres::commit(tx);
  position = last.position.value();
  point("committed");
  return batch.size();
}

/// Locks the checkpoint. False when another program has moved it, or asks for a reset: the next step sees to it.
bool Runner::Impl::begin(pqxx::transaction_base& tx) {
  const auto row = checkpoint.lock(tx);
  synced = !row.reset_requested && row.position == at();
  if (!synced) return false;
  point("locked");
  if (projection.hooks().begin) projection.hooks().begin();
  return true;
}

void Runner::Impl::handle(pqxx::transaction_base& tx, const RecordedEvent& event) {
  try {
    dispatcher.apply(event, &tx);
    postgres::require_open(tx);
  } catch (...) {
    rethrow_at(fmt::format("{}: event at position {} (stream \"{}\" version {}, type \"{}\")", label,
                           event.position.value(), printable(event.stream.view()), event.version.value(),
                           printable(event.type)));
  }
}

/// All that is left to do before the commit: what was gathered is written, and the checkpoint moves.
void Runner::Impl::finish(pqxx::transaction_base& tx, const Place& last) {
  point("applied");
  try {
    if (projection.hooks().flush) projection.hooks().flush(tx);
    postgres::require_open(tx);
    point("flushed");
  } catch (...) {
    rethrow_at(
        fmt::format("{}: flush of the events at positions {} to {}", label, at().value() + 1, last.position.value()));
  }
  checkpoint.move(tx, last.position, last.id);
  point("commit");
}

void Runner::Impl::wait(EventBatch::State state, milliseconds wait_max, StepReport& report) {
  if (state == EventBatch::State::blocked) {
    report.state = State::blocked;
    report.blockers = tail.blockers();
    clock.sleep_for(std::min(wait_max, tail.retry_after()));
    return;
  }
  synced = in_transaction([&](pqxx::work& tx) { return checkpoint.stands_at(tx, at()); });
  if (!synced) return;
  report.state = State::idle;
  tail.wait(wait_max);
}

Runner::Runner(const postgres::Database& database, const Projection& projection, const TypeRegistry& types,
               Clock& clock, RunnerOptions options)
    : impl_(std::make_unique<Impl>(database, projection, types, clock, std::move(options))) {}
Runner::~Runner() = default;

StepReport Runner::step(milliseconds wait_max) {
  try {
    wait_max = std::min(wait_max, impl_->ownership.talk_within());
    if (!impl_->own()) return impl_->stand_by(wait_max);
    return impl_->work(wait_max);
  } catch (const Error& error) {
    impl_->synced = false;
    // Who refuses its checkpoint waits for the operator, who adopts it only while nobody owns the projection.
    if (error.kind() == ErrorKind::corrupt) impl_->disown();
    throw;
  } catch (...) {
    impl_->synced = false;
    rethrow_at(impl_->label);
  }
}

void Runner::reset() {
  impl_->tail.wake_up();
  impl_->in_transaction([&](pqxx::work& tx) {
    impl_->checkpoint.create(tx);
    (void)impl_->checkpoint.lock(tx);
    if (impl_->projection.hooks().setup) impl_->projection.hooks().setup(tx);
    impl_->empty(tx);
    return true;
  });
  impl_->synced = false;
}

GlobalPosition Runner::position() const noexcept { return impl_->at(); }
GlobalPosition Runner::log_end() { return impl_->tail.last_position(); }

}  // namespace annals::projections
