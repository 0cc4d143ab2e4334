#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "annals/core/event_id.hpp"
#include "annals/outbox/destination.hpp"
#include "annals/postgres/message_log.hpp"

namespace annals::postgres {
class Connection;
}

namespace annals::outbox {

/// The row of relay_checkpoints of one relay and log. Not thread-safe; borrows the connection.
class CheckpointStore {
 public:
  /// Who has the say about how far the relay has come.
  enum class Keeper {
    database,  ///< the row
    broker,    ///< a record in the broker's own transactions, which the row follows
  };
  /// What ties the row to the broker's record.
  struct Tie {
    EventId transactional_id;
    EventId generation;      ///< the record counts when it is of this one
    bool in_broker = false;  ///< it was seen there
  };

  CheckpointStore(postgres::Connection& connection, const postgres::MessageLog& log, std::string relay,
                  Keeper keeper = Keeper::database);

  /// Reads the checkpoint and shuts predecessors out: what they write afterwards is refused. Writes no row for a name that
  /// has none.
  [[nodiscard]] Checkpoint open();
  /// When the broker has the say, from open() on; of a new name it is in no row before the first save().
  [[nodiscard]] const std::optional<Tie>& tie() const noexcept { return tie_; }
  [[nodiscard]] bool has_row() const noexcept { return epoch_ > 0; }
  /// committed, or fenced when a successor has opened. Throws Error{corrupt} when anybody else has moved the checkpoint.
  [[nodiscard]] Destination::Commit save(const Cursor& cursor);

 private:
  [[nodiscard]] bool by_broker() const noexcept { return keeper_ == Keeper::broker; }
  void wait_for_disk(bool wait);
  [[nodiscard]] bool insert(const Cursor& cursor);
  [[nodiscard]] bool update(const Cursor& cursor);
  [[nodiscard]] std::optional<std::int64_t> stored_epoch();

  postgres::Connection& connection_;
  std::string relay_;
  std::string log_;
  Keeper keeper_;
  std::string open_sql_;
  std::string others_sql_;
  std::string first_sql_;
  std::string save_sql_;
  std::string epoch_sql_;
  std::optional<Tie> tie_;
  bool on_disk_ = false;  // a save waits for the disk
  std::int64_t saved_ = 0;
  std::int64_t epoch_ = 0;  ///< 0: there is no row yet
};

}  // namespace annals::outbox
