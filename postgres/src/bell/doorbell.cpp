// The doorbell.
//
// NOTIFY takes a database-wide lock at commit, so nobody may notify unless somebody sleeps; polling every moment costs a
// query each time. So a reader is awake or asleep:
//   awake   rows came a moment ago: it looks again after a fraction of a millisecond, one and a half when many come, fifty in a
//           flood. No commit notifies. Under load, with rows at every look, it stays so.
//   asleep  nothing came for a few milliseconds: every commit notifies, and the reader waits for that.
//
// The bell is one advisory lock, and ringing belongs to the table: the DEFAULT of its recorded_at, evaluated for every row
// by whoever inserts, in any language,
//   writer  tries the bell shared, for its transaction. Got it: nobody sleeps. Refused: somebody does, so NOTIFY, which
//           is delivered when the writer commits.
//   reader  takes the bell exclusively, LISTENing already, never waiting for it:
//             got it                        "holding": reads once more, then sleeps;
//             another reader holds it       "covered": reads once more, then sleeps;
//             a writer in flight holds it   stays awake, looks more and more seldom, tries again.
//           Who wakes gives the bell up and notifies in the same statement; after the look that it was woken for, so that this waits
//           for nothing.
//
// A writer may stay in flight for minutes, and everybody else is not to be looked for all that time. PostgreSQL refuses a lock to who
// tries it not only when somebody has it, but also when somebody waits for it. So a reader that is refused for longer than a moment
// waits for the bell, in a session of its own (BellQueue):
//   queued    who tried the bell before is in flight, and may commit without a word: the reader looks each 20 ms;
//             everybody else is refused the bell, and rings.
//   granted   gives it up in the same moment: those in flight have ended. The reader takes the bell as before.
// Nobody sleeps behind a session that has the bell by the queue: it is told by a mark (bell_take.sql).
//
// No wake-up is lost. Take a sleeping reader R and a writer W that commits a row which R's last read did not see. Let t be
// the moment before that read when R took the bell or saw that reader H holds it.
//   W tried the bell before the holder took it: then W held it shared, which excludes the holder, until after its commit
//     was visible or never would be. So W had ended before t, and R's read, made after t, saw the row.
//   W tried while the bell was held: refused, so it notifies, and R, which has been LISTENing all along, wakes.
//   W tried after the holder gave it up: the holder notified in giving it up, R wakes from that, is awake, and looks.
// With R queued, and t the moment at which it was seen to wait: W tried the bell before that, and R, which looks each 20 ms, sees
// the row; or W tried it while R waited, was refused, and notifies; or R waited no longer, knows it within 20 ms, and looks.
// A savepoint that is rolled back takes its row, its lock and its NOTIFY along together.
// Two cases are left to the slow poll. The holder's session dies, which frees the bell without a word: the others find that
// out at their next time-out, when they try again. And nobody rings while the cluster's queue of notifications is half
// full, which any role that may connect can bring about: waking readers may never make an append fail.
//
// Whoever holds the bell costs every writer a NOTIFY, so it is held on a lease: a holder that is frozen, or that nobody
// steps any more, is ended by the server; one that the server hangs in writing to, by the readers who find it.
//
// The wrong designs stand beside the tests of this one (tests/postgres/bell/doorbell_schedules_test.cpp): to sleep without
// reading once more, to take a writer in flight for a reader, to give the bell up in silence.
#include "annals/postgres/doorbell.hpp"

#include <poll.h>

#include <algorithm>
#include <ctime>
#include <utility>

#include "annals/core/error.hpp"
#include "annals/core/quote.hpp"
#include "annals/postgres/connection.hpp"
#include "annals/postgres/tail/recovery.hpp"
#include "annals_postgres_sql.hpp"
#include "bell/bell_queue.hpp"
#include "ownership/frozen_holder.hpp"

namespace annals::postgres {

using namespace std::chrono_literals;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using SteadyClock = std::chrono::steady_clock;

namespace {

/// While a writer in flight keeps the bell the reader must go on looking; a transaction that lasts is looked at seldom.
constexpr milliseconds busy_pause_max = 20ms;

/// How soon a reader of a replica finds out that it was promoted, and need not look all the time any more.
constexpr milliseconds promotion_poll = 1s;

enum Taken { writer_in_flight = 0, another_reader = 1, ours = 2 };

/// Until something arrives on the reader's connection, at most `wait`; whether it did.
bool pause(const Connection& reader, microseconds wait) {
  pollfd entry{.fd = reader.socket(), .events = POLLIN, .revents = 0};
  const timespec limit{.tv_sec = static_cast<std::time_t>(wait.count() / 1'000'000),
                       .tv_nsec = static_cast<long>(wait.count() % 1'000'000) * 1000};
  return ::ppoll(&entry, 1, &limit, nullptr) > 0;
}

}  // namespace

Doorbell::Doorbell(Connection& reader, const LogTable& table, Pace pace)
    : reader_(reader),
      pace_(pace),
      names_{
          .bell = table.bell, .channel = table.channel, .self = "released by " + std::to_string(reader.backend_pid())},
      frozen_(std::make_unique<FrozenHolder>(
          "pg_catalog.hashtextextended(" + quote_sql(table.bell) + " COLLATE \"C\", 0)", pace.lease)),
      queue_(std::make_unique<BellQueue>(reader, table.bell, pace.lease > 0ms ? pace.lease : Pace{}.lease)),
      replica_(true) {
  find_out_whether_replica();
}

Doorbell::~Doorbell() {
  try {
    wake_up();
  } catch (const Error&) {  // the session is gone, and the bell with it
  }
}

void Doorbell::looked(std::size_t rows) {
  const auto now = SteadyClock::now();
  if (rows > 0) (void)rung();  // what anybody sends must not pile up while rows keep coming
  if (rows > 0 || rung_) wake_up();
  if (rows > 0) {
    times_.found_at = now;
    times_.busy_pause = 0us;
  }
  rate_.note(rows, now);
  long_rate_.note(rows, now);
  times_.look_at = now + std::max(look_pause(), times_.busy_pause);
}

microseconds Doorbell::look_pause() const noexcept {
  if (long_rate_.per_second() > pace_.flood_rate) return std::max(pace_.gather, pace_.gather_flood);
  return rate_.per_second() > pace_.busy_rate ? pace_.gather : pace_.look_again;
}

Doorbell::Wake Doorbell::wait(milliseconds wait) {
  if (rung()) return Wake::rung;
  if (replica_) {
    (void)pause(reader_, std::min<microseconds>(wait, pace_.replica_poll));
    if (SteadyClock::now() - times_.asked_at >= promotion_poll) find_out_whether_replica();
    return Wake::timed_out;
  }
  if (sleep_ == Sleep::awake) {
    // Rows that gather are not silence: whoever fell asleep meanwhile would make every commit ring.
    if (SteadyClock::now() - times_.found_at >= std::max(pace_.awake + look_pause(), times_.busy_pause))
      return fall_asleep();
    const auto left = std::min<microseconds>(until_due(), wait);
    (void)pause(reader_, left);
    return due() ? Wake::due : Wake::timed_out;
  }
  if (sleep_ == Sleep::queued) return wait_in_queue(wait);
  sleep(wait);
  if (rung()) return Wake::rung;
  if (sleep_ == Sleep::covered) sleep_ = Sleep::awake;  // does the other still hold it? times_.found_at is long past
  return Wake::timed_out;
}

/// Nobody can LISTEN on a replica. Whoever sleeps reads once more after that (fall_asleep()), so nothing is missed in between.
void Doorbell::find_out_whether_replica() {
  replica_ = in_recovery(reader_);
  times_.asked_at = SteadyClock::now();
  if (!replica_) reader_.execute("LISTEN " + names_.channel);
}

bool Doorbell::drain() {
  if (rung()) {
    wake_up();  // nobody says when the next look will be
    return true;
  }
  return sleep_ == Sleep::awake && due();
}

bool Doorbell::due() const noexcept { return SteadyClock::now() >= times_.look_at; }

microseconds Doorbell::until_due() const noexcept {
  return std::max(std::chrono::ceil<microseconds>(times_.look_at - SteadyClock::now()), 0us);
}

/// True when a commit has rung while this reader slept, and no look was made since. Whatever rings while it is awake it sees at its next
/// look.
bool Doorbell::rung() {
  if (replica_) return false;
  int others = 0;
  reader_.notifications(0ms,
                        [&](std::string_view, std::string_view payload) { others += payload == names_.self ? 0 : 1; });
  if (others > 0 && sleep_ != Sleep::awake) {
    rung_ = true;
    times_.found_at = times_.look_at = SteadyClock::now();
  }
  return rung_;
}

Doorbell::Wake Doorbell::fall_asleep() {
  const auto taken = reader_.query_prepared("annals_bell_take", std::string{sql::bell_take},
                                            Params{}.text(names_.bell).text(std::to_string(pace_.lease.count())));
  switch (taken.integer(0, 0)) {
    case ours:
      sleep_ = Sleep::holding;
      names_.limit = taken.is_null(0, 1) ? "" : taken.text(0, 1);
      break;
    case another_reader:
      sleep_ = Sleep::covered;
      end_frozen_holder();
      break;
    default: return stay_awake();
  }
  times_.refused_since.reset();
  times_.busy_pause = 0us;
  times_.look_at = SteadyClock::now();  // the second look, without which a commit would be slept through
  return Wake::armed;
}

/// Appenders in flight have the bell, and may commit without a word.
Doorbell::Wake Doorbell::stay_awake() {
  const auto now = SteadyClock::now();
  if (!times_.refused_since) times_.refused_since = now;
  if (pace_.in_flight_max > 0ms && now - *times_.refused_since >= pace_.in_flight_max && queue_->join()) {
    sleep_ = Sleep::queued;
    times_.busy_pause = busy_pause_max;
    times_.look_at = SteadyClock::now();
    return Wake::armed;
  }
  times_.busy_pause = std::clamp<microseconds>(times_.busy_pause * 2, pace_.look_again, busy_pause_max);
  times_.found_at = SteadyClock::now() - pace_.awake;
  times_.look_at = SteadyClock::now() + times_.busy_pause;
  (void)pause(reader_, times_.busy_pause);
  return Wake::due;
}

Doorbell::Wake Doorbell::wait_in_queue(milliseconds wait) {
  (void)pause(reader_, std::min<microseconds>(until_due(), wait));
  if (rung()) return Wake::rung;
  if (queue_->waiting()) return due() ? Wake::due : Wake::timed_out;
  sleep_ = Sleep::awake;
  times_.busy_pause = 0us;
  times_.look_at = SteadyClock::now();
  times_.found_at = times_.look_at - pace_.awake;
  return Wake::due;
}

/// Whoever shares the bell with a holder that is frozen goes on paying for it; the server does not end one that it hangs in
/// writing to.
void Doorbell::end_frozen_holder() {
  if (pace_.lease == 0ms || !frozen_->is_due()) return;
  const auto rows = reader_.query(frozen_->statement());
  frozen_->saw(rows.empty() ? std::nullopt : std::optional{rows.bigint(0, 0)});
}

void Doorbell::wake_up() {
  rung_ = false;
  switch (std::exchange(sleep_, Sleep::awake)) {
    case Sleep::holding:
      reader_.post("annals_bell_release", std::string{sql::bell_release},
                   Params{}.text(names_.bell).text(names_.channel).text(names_.self).text(names_.limit));
      break;
    case Sleep::queued: queue_->leave(); break;
    case Sleep::covered:
    case Sleep::awake: break;
  }
}

/// Pauses, no longer than it may be silent, and then talks to the server. What rings in that moment is taken from the socket with
/// the answer, so the caller has to look at it: nobody may pause again before.
void Doorbell::sleep(milliseconds wait) {
  const auto talk_within = pace_.lease > 0ms ? pace_.lease / 3 : milliseconds::max();
  if (!pause(reader_, std::min(wait, talk_within)) && wait > talk_within)
    (void)reader_.query(std::string{sql::ownership_touch});
}

}  // namespace annals::postgres
