#pragma once
#include <functional>
#include <string>
#include <vector>

#include "annals/postgres/message_log.hpp"

namespace annals::postgres {
class Connection;
}

namespace annals::outbox {

/// What a relay that starts would make of its checkpoint, and what can be done when it would halt.
struct CheckpointExamination {
  /// One thing that the checkpoint says, held against what there is.
  struct Finding {
    std::string about;  ///< "cluster", "timeline", "message", "broker": stable
    bool agrees = true;
    std::string detail;
  };
  /// Something that an operator may decide.
  struct Choice {
    std::string effect;   ///< when it is right, and what it costs
    std::string command;  ///< to be pasted into a shell; empty: nothing that a command does
  };
  std::vector<Finding> findings;
  std::vector<Choice> choices;  ///< the least harmful first; none when everything agrees

  [[nodiscard]] bool agrees() const noexcept { return choices.empty(); }
};

/// Fetches the record that the broker keeps for a transactional id, without taking the id over; empty: there is none. For
/// instance kafka::read_checkpoint_record().
using ReadRecord = std::function<std::string(const std::string& id)>;

/// Holds the checkpoint of a relay against the database at hand and, for one that publishes exactly once, against the
/// broker's record, which has the say then. Changes nothing, takes no lock: beside a relay that runs it sees a moment.
///
/// Without `read_record` the broker is not asked, and the examination says that what it found may not be all.
/// Throws Error{invalid} when the relay has no checkpoint; Error{corrupt}: the record is not a checkpoint; and what
/// `read_record` throws.
[[nodiscard]] CheckpointExamination examine_checkpoint(postgres::Connection& connection,
                                                       const postgres::MessageLog& log, const std::string& relay,
                                                       const ReadRecord& read_record = {});

}  // namespace annals::outbox
