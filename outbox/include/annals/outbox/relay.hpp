#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "annals/core/error.hpp"
#include "annals/core/event_id.hpp"
#include "annals/outbox/capture.hpp"
#include "annals/outbox/claim.hpp"
#include "annals/outbox/message_source.hpp"
#include "annals/outbox/shard.hpp"
#include "annals/postgres/database.hpp"
#include "annals/postgres/message_log.hpp"
#include "annals/postgres/tail/blocker.hpp"

namespace annals {
class Clock;
}

namespace annals::outbox {

class Sink;
class TransactionalSink;

/// Events of `category` ("*": all that no other route names) go to `topic`.
struct Route {
  std::string category;
  std::string topic;
};

/// At most so much of a topic leaves a second, on the mean and but for bursts of a tenth of it; topic "*": of all topics together. 0:
/// as much as there is. Messages leave in the order of the log, so what waits for its topic's limit holds up what comes after it.
struct RateLimit {
  std::string topic;
  double messages_per_second = 0;
  double bytes_per_second = 0;  ///< of keys and payloads

  bool operator==(const RateLimit&) const = default;
};

/// What to do with a message that can never be delivered as it is.
enum class PoisonPolicy {
  halt,         ///< the relay ends with Error{refused}, and an operator decides
  park,         ///< it is set aside, and everything of the same topic and key after it waits behind it, in order
  dead_letter,  ///< it is set aside alone: what comes after it goes on
};

/// What to do with poison of some topics: one topic, those that begin like "shop.*", or "*", all that no other rule names. The
/// longest that fits counts. See annals/outbox/parked.hpp for what is set aside.
struct PoisonRule {
  std::string topics;
  PoisonPolicy policy = PoisonPolicy::halt;
  /// Where a dead letter is published, too, with headers that say why. Empty: it is kept in the database only.
  std::string dead_letter_topic = {};

  bool operator==(const PoisonRule&) const = default;
};

/// Throws Error{invalid} for a rule that no topic can match, two for the same topics, and a dead-letter topic that is none or that
/// goes with another policy.
void require_valid(const std::vector<PoisonRule>& rules);

/// What to do with an event that no route names.
enum class Unrouted { halt, skip };

/// Where a relay reads a log.
enum class ReadFrom {
  /// The table. Needs no more than SELECT.
  table,
  /// The write-ahead log, by a logical replication slot: a transaction that is open delays no other. Price: PostgreSQL 14,
  /// wal_level = logical, REPLICATION, and log that the server keeps for a relay that is away, up to max_slot_wal_keep_size.
  wal,
  /// The write-ahead log when it can be read, the table while it cannot.
  automatic,
};

/// The one set of names and defaults; annals-relay's settings are these.
struct RelayOptions {
  /// Names the checkpoint and the lock: of all relays with one name and log, one publishes, the others stand by.
  std::string name = "relay";
  /// Which part of the log this one publishes; of all relays of one name each part has its own owner. shard_board.hpp has the number
  /// of parts, which must be this.
  Shard shard = {};
  /// The process, for people: kept with the checkpoint.
  std::optional<EventId> instance = std::nullopt;
  /// For a log that names no topics (events): which topic a category goes to.
  std::vector<Route> routes = {};
  Unrouted unrouted = Unrouted::halt;
  /// For a log that names topics (outbox): those that may be published to, each exact or with a '*' at its end. Empty:
  /// every topic that the sink may write to, which is then every writer's to choose.
  std::vector<std::string> topics = {};
  /// For the changes of tables (change_log()), which need ReadFrom::wal: which tables, and how.
  std::vector<Capture> captures = {};
  /// Where a name without checkpoint begins. Nothing: at the beginning while the log has no other checkpoint, and else
  /// not at all, because a mistyped name would publish everything again.
  std::optional<Start> start = std::nullopt;
  ReadFrom read_from = ReadFrom::table;
  /// ReadFrom::automatic: how long the table is read before the log is tried again; twice as long each time, up to a minute.
  std::chrono::milliseconds log_retry{5'000};
  /// After a fail-over or a point-in-time recovery: the timeline, as in the error that named it, on which to go on
  /// although the checkpoint was made on another. What was published last may be missing from the database then.
  std::string accept_timeline = {};

  /// What happens at a message that can never be delivered; without a rule that fits, the relay halts. An event without a route
  /// is `unrouted`'s matter.
  std::vector<PoisonRule> on_poison = {};
  /// From which size on messages leave as a claim, and their payloads stay in the database. What is refused all the same is poison.
  std::vector<ClaimRule> claim_checks = {};
  /// No more keys than this wait behind a parked message; at the next one the relay halts all the same.
  std::size_t parked_keys_max = 10'000;

  /// One a topic at most. See Relay::limit().
  std::vector<RateLimit> rate_limits = {};

  // Performance. The memory of a relay is about two batches, one in the database's form and one in the sink's, and what is
  // in flight: a message costs librdkafka about 1 KB beyond its payload. Measured with 200 bytes each: 33 MB for a process
  // with 10,000 in flight, 51 MB with 50,000.
  std::size_t batch_rows_max = 10'000;      ///< rows a read; fewer cost round trips
  std::size_t batch_bytes_max = 2U << 20U;  ///< bytes a read, always at least one row
  std::size_t in_flight_max = 10'000;       ///< messages sent and not reported; fewer leave the sink idle
  std::chrono::milliseconds checkpoint_interval{
      500};  ///< this much is published again after a crash; shorter: a write each. Exactly once: how long a transaction
             ///< grows while messages keep coming
  std::chrono::milliseconds poll_interval{250};  ///< how often a quiet log is read without being woken: the backstop
  std::chrono::milliseconds standby_poll{500};   ///< how often a standby asks for the lock: how long a handover takes
  /// Of ReadFrom::wal: from a backlog of so much of the write-ahead log on it is mined in batches, and not streamed.
  std::uint64_t mine_from_bytes = 64U << 20U;
  /// So much of the write-ahead log is a batch. The server keeps a batch in a temporary file, and writes what it has decoded before the
  /// first message of it goes out; small ones cost it time, because it reads again what the one before it has read.
  std::uint64_t mine_batch_bytes = 256U << 20U;
  /// After a refusal or a broken sink: how long to wait for the reports on what is in flight, so that the message at fault
  /// is named and little is published twice. The step that fails takes this much longer.
  std::chrono::milliseconds settle_timeout{5'000};
  /// A start at the end or at a position waits this long for transactions that are open at that moment.
  std::chrono::milliseconds start_timeout{5'000};

  /// Called at the named points of a step ("read", "sent", "delivered", "checkpoint", "checkpointed": see relay_run.cpp);
  /// for fault tests, which kill the process there.
  std::function<void(std::string_view point)> at_point = {};
};

/// A message that a relay has set aside, or halts at, for whoever logs it.
struct SetAside {
  PoisonPolicy policy = PoisonPolicy::park;  ///< halt: the relay halts at it
  std::int64_t position = 0;
  EventId id;
  std::string topic;
  std::string key;
  std::string reason;
};

struct StepReport {
  enum class State {
    standby,     ///< another relay owns the log
    publishing,  ///< something was read, sent or reported
    idle,        ///< caught up, and everything is delivered and recorded
    blocked,     ///< nothing to do but to wait for an open transaction; see blockers
  };
  State state = State::standby;
  std::size_t read = 0;                          ///< messages read in this step
  std::size_t batches = 0;                       ///< reads in this step that found something
  std::chrono::duration<double> throttled{0};    ///< waited in this step because of a rate limit
  std::size_t delivered = 0;                     ///< messages reported as delivered in this step
  std::uint64_t delivered_bytes = 0;             ///< their keys and payloads
  std::size_t released = 0;                      ///< of them, those that had been set aside before
  std::size_t claimed = 0;                       ///< messages that leave as a claim
  std::uint64_t claimed_bytes = 0;               ///< their payloads
  std::size_t in_flight = 0;                     ///< sent, not yet reported
  std::int64_t acknowledged = 0;                 ///< position up to which everything is delivered
  std::int64_t checkpoint = 0;                   ///< position up to which everything is recorded as delivered
  std::vector<postgres::Blocker> blockers = {};  ///< who holds up what it has written, for longer than a moment
  std::vector<SetAside> set_aside = {};          ///< in this step, without those that merely wait behind one
  std::size_t parked_keys = 0;                   ///< keys of which something waits
  ReadFrom read_from = ReadFrom::table;          ///< where it reads now: the table or the log
  std::optional<Error> log_fault = {};           ///< ReadFrom::automatic, from the table: what is wrong with the log
};

/// Carries the messages of one log to a Sink: at least once, per key in commit order. To a TransactionalSink: exactly once for
/// whoever reads committed records only. The same relay may change from one to the other between two runs.
///
/// Lifecycle      construct (opens its sessions) -> step() many times -> drain() -> destroy. Starts no thread, but for one that makes
///                the slot of ReadFrom::automatic. After an
///                Error, and after drain(), make a new Relay and a new Sink: it goes on from the checkpoint. A further
///                step() of the old one is a bug, and ends the process.
/// Thread safety  none: one Relay a thread. Relays of one name on one database are safe: one owns, the others stand by.
/// Ownership      borrows sink and clock; both must outlive the Relay.
/// Errors         retryable(): database or sink away, or the sink gave up what was in flight: try again with new ones;
///                Error{refused}: a message can never be delivered (poison), and the text names exactly that one;
///                Error{not_ready}: tables or rights are missing; Error{invalid}: the name is new and nothing says where
///                to begin;
///                Error{corrupt}: the checkpoint belongs to another history. Nothing after a message that was refused is
///                acknowledged.
/// Limits         memory: one batch plus what the sink queues; every wait is bounded by `wait_max`, a failing step by
///                RelayOptions::settle_timeout more.
class Relay {
 public:
  /// `log` is outbox::message_log() or eventstore::message_log(), for instance.
  Relay(const postgres::Database& database, postgres::MessageLog log, Sink& sink, Clock& clock, RelayOptions options);
  Relay(const postgres::Database& database, postgres::MessageLog log, TransactionalSink& sink, Clock& clock,
        RelayOptions options);
  ~Relay();
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

  /// Does one bounded piece of work; when there is none, waits at most `wait_max` for some.
  StepReport step(std::chrono::milliseconds wait_max);
  /// After an Error of step() or drain(): the messages that were set aside on the way out, and the one that it halts at. Each is
  /// told once.
  [[nodiscard]] std::vector<SetAside> take_set_aside();
  /// From now on these limits hold, and no others. Throws Error{invalid} for limits that cannot be meant; then the old ones
  /// hold.
  void limit(std::vector<RateLimit> limits);
  /// Stops reading, waits at most `wait_max` for what is in flight, records the checkpoint and gives up the ownership.
  /// True when nothing was left in flight.
  bool drain(std::chrono::milliseconds wait_max);
  /// Owns the log, or tries to, and then does as drain(), without publishing anything more; and marks the shard as retired, because
  /// their number changes. False: another relay owns it, or not all that was sent is decided; ask again, after true of is_finished()
  /// with a new relay.
  [[nodiscard]] bool retire(std::chrono::milliseconds wait_max);
  /// It drained, retired, or threw.
  [[nodiscard]] bool is_finished() const noexcept;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace annals::outbox
