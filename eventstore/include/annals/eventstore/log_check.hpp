#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "annals/core/stream_name.hpp"
#include "annals/core/stream_version.hpp"

namespace annals::postgres {
class Connection;
}

namespace annals::eventstore {

/// Something in the log that no append of Annals can have left: written by hand, or by a role with too many rights.
struct LogFinding {
  enum class Fault {
    impossible_position,  ///< above what the sequence gave out, or below 1: readers pass over events, or never see this one
    taken_stream_id,      ///< above what the sequence gave out: creating a stream fails when it comes there
    head_astray,          ///< a stream's head is not the version of its last event, or versions are missing below it
    unknown_stream,       ///< events of a stream that does not exist: readers stop before them
    impossible_time,      ///< a time that is not finite, or not of the years 1 to 9999: readers stop at it
    not_compared,         ///< no fault that was seen: this role may not ask what positions or stream ids were given out
  };
  Fault fault;
  std::string what;    ///< names table, column and position or stream
  std::string remedy;  ///< what an operator can do, as SQL where it can be said so
};

/// How far back check_log() looks. What a check of everything costs, grows with the log; damage that stops readers is at
/// its end.
struct LogCheckOptions {
  std::int64_t events_max = 10'000;  ///< the last events, and the heads of their streams; about 20 us each
  std::int64_t streams_max = 1'000;  ///< beside those the newest streams
  std::int64_t versions_max = 100;   ///< versions below each head that must all be there
};

/// Compares the log with what appends can have left. Reads only; at most 100 findings of each fault.
///
/// Needs SELECT on streams and events, and on their sequences; without one of the latter that comparison is left out, and
/// a finding says so. Errors: those of the connection; the whole is bounded by its statement time-out, a statement at a time.
[[nodiscard]] std::vector<LogFinding> check_log(postgres::Connection& connection, const std::string& schema,
                                                LogCheckOptions options = {});

struct AdoptedStream {
  std::int64_t stream_id = 0;
  StreamName name = StreamName::from_database({});
  StreamVersion version;
};

/// The way past events of unknown streams, which stop every reader: each such stream gets a head, named
/// "annals-orphan-ID", and its events are read like any others from then on. Find out first who wrote them: an append
/// cannot have.
///
/// For the owner of the tables. Reads the whole log once, so give the connection time; changes nothing when there is
/// nothing to adopt. The sequence of stream ids is moved past all that are taken: also without orphans the way past ids that
/// somebody chose.
std::vector<AdoptedStream> adopt_orphans(postgres::Connection& connection, const std::string& schema);

}  // namespace annals::eventstore
