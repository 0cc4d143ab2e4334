#pragma once
#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "annals/outbox/message_source.hpp"
#include "annals/outbox/sink.hpp"

namespace annals::outbox {

/// What a destination knows of a relay's progress when it is opened.
struct Checkpoint {
  Cursor cursor;                         ///< committed last; empty: nothing was ever committed under this name
  std::vector<std::string> others = {};  ///< when empty: other names that have a checkpoint of this log, a few of them
  std::string note = {};                 ///< what commit() was given with the cursor, where `all_sent` is the rule
};

/// Port: where messages go together with the record of how far they went. How the two are tied to each other is the
/// destination's own matter: at least once (a Sink, and a row in the log's database), or exactly once (both in one
/// transaction of the broker). Each adapter passes the contract suite in annals/testing.
///
/// Contract
///  - open() shuts every predecessor of the same name and log out: none of them commits after it;
///  - send() and poll() are a Sink's, with its contract on order, reports and copies;
///  - after commit() returned committed, the next open() finds that cursor, in this process or any other;
///  - what was not committed: the destination of whoever goes on from the checkpoint may be given it again.
///
/// Lifecycle      construct -> poll() as often as you like -> open() once -> send(), poll(), commit() -> destroy.
/// Thread safety  none: one thread.
/// Errors         as Sink; from open(), commit() also Error{corrupt}: the checkpoint was changed by somebody who may not.
class Destination {
 public:
  Destination() = default;
  Destination(const Destination&) = delete;
  Destination& operator=(const Destination&) = delete;
  virtual ~Destination() = default;

  /// What may be committed.
  enum class CommitRule {
    any_prefix,  ///< any cursor up to which everything is delivered
    all_sent,    ///< only the cursor of the last message sent, when all are delivered: they are one transaction
  };
  enum class Commit {
    committed,
    aborted,  ///< nothing since the checkpoint counts: go on from there with a new destination
    fenced,   ///< a successor has opened: leave
    unknown,  ///< open() of a new destination will tell
  };

  [[nodiscard]] virtual CommitRule commit_rule() const noexcept = 0;
  [[nodiscard]] virtual Checkpoint open() = 0;
  [[nodiscard]] virtual Sink::Send send(const MessageView& message) = 0;
  /// Appends the deliveries reported since the last call; waits at most `wait` for the first.
  virtual void poll(std::chrono::milliseconds wait, std::vector<Delivery>& deliveries) = 0;
  /// As a Sink's.
  [[nodiscard]] virtual std::size_t record_bytes(const MessageView& message) const { return byte_size(message); }
  /// Records that everything up to `cursor` is delivered. The note, printable and without spaces, says what else was sent with it;
  /// where `all_sent` is the rule it comes back from the next open(), and elsewhere it may be forgotten.
  [[nodiscard]] virtual Commit commit(const Cursor& cursor, std::string_view note) = 0;
  [[nodiscard]] Commit commit(const Cursor& cursor) { return commit(cursor, {}); }
  /// The owner leaves in good order, and a successor may open at once: what was put off is done now.
  virtual void finish() {}
  /// Why the last commit() was not committed, where more is known than what it returned.
  [[nodiscard]] virtual std::string reason() const { return {}; }
};

}  // namespace annals::outbox
