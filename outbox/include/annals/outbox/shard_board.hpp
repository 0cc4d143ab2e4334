#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "annals/core/event_id.hpp"
#include "annals/core/timestamp.hpp"
#include "annals/outbox/shard.hpp"
#include "annals/postgres/message_log.hpp"
#include "annals/postgres/ownership.hpp"

namespace annals::postgres {
class Connection;
}

namespace annals::outbox {

/// One process of a relay.
struct Instance {
  EventId id;
  std::string host;
  int pid = 0;
};

/// Where the processes of one relay and log see each other and the shards. It decides nothing about who may publish, which is the
/// matter of each shard's own lock and epoch: a look that is old, or wrong, costs time and never order.
///
/// Lifecycle      construct on a session of its own -> look() several times a second -> destroy, or leave() before.
/// Thread safety  none. Ownership: borrows the connection.
/// Errors         annals::Error; throw board and connection away, and make new ones with the same Instance.
class ShardBoard {
 public:
  struct State {
    bool owned = false;         ///< somebody holds its lock
    bool retired = false;       ///< nobody ever will again
    std::int64_t position = 0;  ///< of its checkpoint
  };
  struct Look {
    std::size_t wanted = 1;     ///< not as many as there are: all are to retire
    bool catching_up = false;   ///< some messages before the last change are not delivered yet: nothing retires before
    std::size_t instances = 0;  ///< that live
    std::size_t rank = 0;       ///< of this one among them, the eldest first, from 0
    std::size_t dead = 0;       ///< instances that have left a row behind
    std::vector<State> shards;
  };

  /// `shards`: how many there are if the relay is new; else its row has the say.
  ShardBoard(postgres::Connection& connection, postgres::MessageLog log, const std::string& relay, std::size_t shards,
             Instance self);

  /// Shows that this process lives, removes what the dead have left, and changes the number of shards when all have retired.
  [[nodiscard]] Look look();
  /// The same, and touches nothing: for who does not want the others to make room for him.
  [[nodiscard]] Look take_stock();
  /// In good order, so that the others need not wait for the end of the session.
  void leave();

 private:
  void join();
  [[nodiscard]] Look read(std::size_t count, const std::vector<std::int64_t>& came_from);

  postgres::Connection& connection_;
  postgres::MessageLog log_;
  ShardName name_;
  Instance self_;
  std::string lock_name_;
  postgres::Ownership lock_;
};

/// Has a relay divide its log into so many shards, which annals-relay carries out when each shard has an owner: nothing is repeated
/// and keys keep their order. Throws Error{invalid} for a relay that has never run, and for a number that cannot be.
void want_shards(postgres::Connection& connection, const postgres::MessageLog& log, const std::string& relay,
                 std::size_t shards);

/// A process, as it has signed in.
struct InstanceStatus {
  std::string relay;
  std::string log;
  Instance instance;
  Timestamp started_at;
  bool lives = false;  ///< its session is there; the row of one that is gone is removed by the others
};
[[nodiscard]] std::vector<InstanceStatus> read_instances(postgres::Connection& connection,
                                                         const std::vector<postgres::MessageLog>& logs);

/// How many shards a relay has, and how many it is to have.
struct ShardNumbers {
  std::size_t shards = 1;
  std::size_t wanted = 1;
};
/// Throws Error{invalid} for a relay that has never run.
[[nodiscard]] ShardNumbers read_shards(postgres::Connection& connection, const postgres::MessageLog& log,
                                       const std::string& relay);

}  // namespace annals::outbox
