#pragma once
#include <chrono>
#include <cstdint>
#include <string>

#include "annals/core/clock.hpp"
#include "annals/outbox/destination.hpp"
#include "annals/outbox/message_source.hpp"
#include "annals/outbox/relay.hpp"
#include "poison/parking.hpp"
#include "relay/checkpoint_schedule.hpp"
#include "relay/publisher.hpp"

namespace annals::outbox {

/// Has the Destination record how far everything is delivered: whether it may (I2 in relay_run.cpp), and when it is due.
///
/// Lifecycle      construct -> start() once -> the rest. Thread safety: none. Ownership: borrows all that it is given.
/// Errors         those of the ports; Error{not_ready}: a new name beside others; Error{disconnected}: a successor has
///                taken over; Error{failed}, retryable: the commit failed.
class Committer {
 public:
  struct Parts {
    MessageSource& source;
    Destination& destination;
    Clock& clock;
    const Publisher& publisher;
    const RelayOptions& options;
    const std::string& log;
    Parking& parking;
  };
  explicit Committer(Parts parts) : parts_(parts), schedule_(parts.options.checkpoint_interval) {}

  /// Opens the destination and starts the source at its checkpoint; a name without one gets its first.
  void start();

  /// Something is delivered and not recorded.
  [[nodiscard]] bool has_unsaved() const { return parts_.publisher.acknowledged() > committed_ || !note_.empty(); }
  [[nodiscard]] bool may_commit() const;
  /// Where everything sent is committed together: nothing more is sent until what was is committed.
  [[nodiscard]] bool is_holding() const noexcept { return holding_; }
  /// Where everything sent is committed together: ends the transaction when it is due, or nothing more is `at_hand`, so that it
  /// is as long as the backlog makes it. To be called whenever messages were sent.
  void hold_when_due(bool at_hand);
  /// `quiet`: nothing is under way, so nothing more would come along by waiting.
  [[nodiscard]] std::chrono::milliseconds until_due(bool quiet) const;

  /// Where everything sent is committed together: what is being sent aside must be in one commit, and the note with it. Between
  /// the two calls nothing is committed.
  void begin_aside() noexcept { aside_ = true; }
  void end_aside(std::string note) {
    aside_ = false;
    note_ = std::move(note);
  }
  /// The note of end_aside() is not committed yet.
  [[nodiscard]] bool has_note() const noexcept { return !note_.empty(); }

  void commit_when_due(bool quiet);
  /// At the end: whatever may be recorded, due or not.
  void commit_rest();
  /// At the end of an orderly run: how far the source has come without a message. Not where it takes a transaction of the broker, which may
  /// be away.
  void commit_move();
  /// After a failure: the same, unless the destination commits all together and not all of it was delivered.
  void commit_rest_after_failure();

  /// Up to which everything is recorded.
  [[nodiscard]] std::int64_t position() const noexcept { return position_; }

 private:
  [[nodiscard]] Cursor open();
  void commit();
  void at(std::string_view point) const {
    if (parts_.options.at_point) parts_.options.at_point(point);
  }

  Parts parts_;
  CheckpointSchedule schedule_;
  bool holding_ = false;
  bool aside_ = false;
  std::string note_;
  std::string opened_note_;
  std::int64_t committed_ = 0;  // ticket
  std::int64_t position_ = 0;
};

}  // namespace annals::outbox
