#pragma once
#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "annals/core/event.hpp"
#include "annals/eventstore/event_store.hpp"
#include "annals/postgres/connection.hpp"
#include "annals/postgres/pool.hpp"
#include "read/event_reader.hpp"

namespace annals::eventstore {

/// One pass over the log to its end. What is far behind the end is fetched ahead of the visitor: by the one session, or by
/// several that share what is final.
///
/// Thread safety  none; fetches in threads of its own, which end before run() does.
/// Ownership      borrows the pool.
class Replay {
 public:
  using Pool = postgres::Pool<postgres::Connection>;
  using Visit = std::function<bool(const RecordedEvent&)>;

  Replay(Pool& pool, std::string schema, const ReplayOptions& options);

  /// Visits what comes after `after`; returns the position reached: the end, or where `visit` returned false.
  GlobalPosition run(GlobalPosition after, const Visit& visit);

 private:
  bool take(const EventPage& page, const Visit& visit);
  bool read_ahead(const Visit& visit);
  bool read_ranges(const Visit& visit);
  void lease_more();
  [[nodiscard]] std::int64_t shared_end();
  void wait_for_writers();

  Pool& pool_;
  std::string schema_;
  ReplayOptions options_;
  std::vector<Pool::Lease> leases_;
  EventReader reader_;
  EventDecoder decoder_;
  GlobalPosition reached_;
  std::chrono::steady_clock::time_point moved_;
};

}  // namespace annals::eventstore
