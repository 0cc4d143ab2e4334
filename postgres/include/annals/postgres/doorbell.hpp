#pragma once
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "annals/postgres/log_table.hpp"
#include "annals/postgres/tail/arrival_rate.hpp"

namespace annals::postgres {

class BellQueue;
class Connection;
class FrozenHolder;

/// Tells a reader of a log when to look again: soon while rows keep coming, and when they stop, on the ringing of whoever
/// commits one, in any language. doorbell.cpp opens with the protocol and the argument why no wake-up is lost.
///
///     const auto state = tail.read(cursor, batch);
///     bell.looked(batch.size());
///     …
///     if (nothing else to do) bell.wait(slow_poll);
///
/// Lifecycle      construct -> looked() after every read, wait() when there is nothing else to do; drain() in a loop that
///                waits for something else. Opens no session of its own, but for one while an appender stays in flight
///                for longer than Pace::in_flight_max.
/// Thread safety  none.
/// Ownership      borrows the reader's connection, on which it LISTENs and holds the bell, and which must not be inside a
///                transaction while it waits.
/// Errors         annals::Error {disconnected, failed}; throw the Doorbell away then.
/// Limits         wait() returns after at most `wait`, and a third of Pace::lease; a return is a hint to read again, never a promise of rows. While an
///                appender stays in flight, which may commit without a word, it is one each 20 ms. On a
///                replica, where nobody can ring, it looks again every replica_poll, until the replica is promoted. Once wait() has
///                found nothing it is to be called again within Pace::lease, or looked() with rows, or wake_up(). After it has rung, looked().
class Doorbell {
 public:
  struct Pace {
    /// While few rows come: the time between two looks. Less is sooner and costs the server a query each.
    std::chrono::microseconds look_again{200};
    /// While more than `busy_rate` rows a second come: let them gather. Costs as much latency, spares queries.
    std::chrono::microseconds gather{1500};
    double busy_rate = 2000;
    /// The same while more than `flood_rate` come: then what each batch costs behind the reader, in requests and commits,
    /// is taken from those who write.
    std::chrono::microseconds gather_flood{50'000};
    double flood_rate = 6000;
    /// Nothing found for this long: sleep until it rings. While a reader sleeps every commit pays for a NOTIFY.
    std::chrono::microseconds awake{4000};
    std::chrono::milliseconds replica_poll{20};
    /// Appenders in flight that last longer are waited for in a session of its own, so that all others ring. 0: never.
    std::chrono::milliseconds in_flight_max{20};
    /// A reader that sleeps and says nothing for so long, because it is frozen or nobody calls wait(), is ended by the
    /// server (version 14 and later), so that commits need not ring for it any more. 0: never.
    std::chrono::milliseconds lease{60'000};
  };

  Doorbell(Connection& reader, const LogTable& table) : Doorbell(reader, table, Pace{}) {}
  Doorbell(Connection& reader, const LogTable& table, Pace pace);
  Doorbell(const Doorbell&) = delete;
  Doorbell& operator=(const Doorbell&) = delete;
  ~Doorbell();

  enum class Wake {
    due,        ///< rows came a moment ago: time for the next look
    rung,       ///< a row was committed, or may have been
    armed,      ///< the bell rings from now on: read once more, then wait again
    timed_out,  ///< nothing happened: the slow poll
  };
  /// A read has just been made and found so many rows.
  void looked(std::size_t rows);
  /// Waits until there may be something to read.
  Wake wait(std::chrono::milliseconds wait);
  /// Takes what has rung, without waiting; true when the next look is due. For loops that wait for something else, so that
  /// nothing piles up on the way.
  bool drain();
  /// Sleeps no longer: for a reader that goes on to something that may take longer than Pace::lease.
  void wake_up();
  /// True when a look is due by the pace; asks nobody.
  [[nodiscard]] bool due() const noexcept;
  /// While awake: how long until the next look is due.
  [[nodiscard]] std::chrono::microseconds until_due() const noexcept;

 private:
  using SteadyTime = std::chrono::steady_clock::time_point;
  enum class Sleep {
    awake,    ///< looks by the pace
    holding,  ///< holds the bell: every commit rings
    covered,  ///< another session holds it: the same
    queued,   ///< waits for it: the same, but for appenders that tried it before
  };

  void find_out_whether_replica();
  [[nodiscard]] bool rung();
  Wake fall_asleep();
  Wake stay_awake();
  Wake wait_in_queue(std::chrono::milliseconds wait);
  void end_frozen_holder();
  void sleep(std::chrono::milliseconds wait);
  [[nodiscard]] std::chrono::microseconds look_pause() const noexcept;

  Connection& reader_;
  Pace pace_;
  struct Names {
    std::string bell;
    std::string channel;
    std::string self;        // the payload of our own releases
    std::string limit = {};  // on our silence, which came with the bell; empty: none
  } names_;
  std::unique_ptr<FrozenHolder> frozen_;
  std::unique_ptr<BellQueue> queue_;
  bool replica_;
  Sleep sleep_ = Sleep::awake;
  bool rung_ = false;  // while asleep, and no look was made since
  ArrivalRate rate_{std::chrono::milliseconds{20}};
  ArrivalRate long_rate_{std::chrono::milliseconds{250}};  // a burst is no flood
  struct Times {
    SteadyTime asked_at;                      // whether it is a replica
    SteadyTime look_at;                       // while awake
    SteadyTime found_at;                      // when a read last found rows, or the bell rang
    std::chrono::microseconds busy_pause{0};  // while an appender in flight keeps the bell
    std::optional<SteadyTime> refused_since;  // by appenders in flight
  } times_;
};

}  // namespace annals::postgres
