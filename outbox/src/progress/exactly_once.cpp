// Where two records say how far a relay has come, one must have the say.
//
// The broker's record is in the messages' own transactions, so it is true of what is visible there. The row in the database
// follows it: a moment behind, for those who look, and as what a relay begins with that goes on at least once, or with
// another broker. The record counts when it is of the row's generation:
//   - the row gets a new generation from whoever lets the row have the say: a relay that publishes at least once, and an
//     operator who adopts a position. The broker's record is of an older one then, and the row counts;
//   - a row whose generation has been seen at the broker follows. When that record is gone (another cluster, a topic that
//     was deleted or not compacted), or behind the row (a broker lost what it had confirmed), nobody knows how far the relay came, and an operator decides;
//   - the row's id and its generation are on the database's disk before the broker has a record of them (CheckpointStore);
//   - a database that was restored to an earlier moment has a row that is too old, and the broker's record counts. Its
//     cursor says which history it is of, and the source refuses another one.
//
// Who may write: the broker's transactional id, which open() takes over, shuts predecessors out; the row's epoch those that
// never got so far.
#include "progress/exactly_once.hpp"

#include <fmt/format.h>

#include <string_view>
#include <utility>

#include "annals/core/error.hpp"
#include "annals/core/text.hpp"
#include "progress/broker_record.hpp"
#include "wal/wal_cursor.hpp"

namespace annals::outbox {
namespace {

/// A trickle of messages must not update one row for each of them.
constexpr std::chrono::milliseconds follow_interval{100};

}  // namespace

ExactlyOnceDestination::ExactlyOnceDestination(Parts parts, const postgres::MessageLog& log, std::string relay)
    : sink_(parts.sink),
      clock_(parts.clock),
      keep_alive_(std::move(parts.keep_alive)),
      relay_(std::move(relay)),
      log_(name_of(log)),
      row_(parts.connection, log, relay_, CheckpointStore::Keeper::broker) {}

ExactlyOnceDestination::~ExactlyOnceDestination() {
  try {
    (void)follow();
  } catch (const std::exception&) {  // the session is gone: the next owner asks the broker anyway
  }
}

Checkpoint ExactlyOnceDestination::open() {
  auto checkpoint = row_.open();
  const auto record = sink_.open(transactional_id_of(*row_.tie()), keep_alive_);
  if (row_.has_row()) agree_with(record, checkpoint);
  return checkpoint;
}

void ExactlyOnceDestination::agree_with(const std::string& record, Checkpoint& checkpoint) {
  using Say = Agreement::Say;
  auto agreement = agree(*row_.tie(), checkpoint.cursor, record);
  if (agreement.say == Say::lost) throw lost("been lost", checkpoint.cursor);
  if (agreement.say == Say::gone_back) throw lost("gone back", checkpoint.cursor);
  // A predecessor that was killed has left the row behind: whoever leaves in good order has it catch up, and others go by it.
  if (agreement.say == Say::broker && agreement.cursor != checkpoint.cursor) behind_ = agreement.cursor;
  checkpoint.cursor = std::move(agreement.cursor);
  checkpoint.note = std::move(agreement.note);
}

Error ExactlyOnceDestination::lost(std::string_view how, const Cursor& of_row) const {
  const auto position = table_cursor_of(of_row).place().position;
  return Error{
      ErrorKind::corrupt,
      fmt::format("the checkpoint of relay \"{}\" on {} at the broker ({}) has {}: how much of what follows position "
                  "{} was published it does not say",
                  printable(relay_), log_.name, transactional_id_of(*row_.tie()), how, position),
      {.hint = fmt::format("is it the right cluster, and was the topic of checkpoints deleted, or a broker's disk "
                           "lost? `{}`, with the relay's own configuration by --config, says what can be done",
                           repair_command(relay_, log_))}};
}

Destination::Commit ExactlyOnceDestination::commit(const Cursor& cursor, std::string_view note) {
  if (!row_.has_row()) {  // a new name: the row says first which transactional id is its own
    if (const auto first = row_.save(cursor); first != Commit::committed) return first;
  }
  const auto outcome =
      sink_.commit(BrokerRecord{row_.tie()->generation.to_string(), cursor, std::string{note}}.encode(), keep_alive_);
  if (outcome != Commit::committed) return outcome;
  committed_ = cursor;
  behind_ = {};
  return follow_when_due() ? Commit::committed : Commit::fenced;
}

void ExactlyOnceDestination::poll(std::chrono::milliseconds wait, std::vector<Delivery>& deliveries) {
  (void)follow_when_due();
  sink_.poll(wait, deliveries);
}

/// Not when it is thrown away: whoever could not start there needs the row as it was.
void ExactlyOnceDestination::finish() {
  if (committed_.empty()) committed_ = std::exchange(behind_, {});
  (void)follow();
}

bool ExactlyOnceDestination::follow_when_due() { return clock_.steady() - followed_at_ < follow_interval || follow(); }

/// False when a successor has opened.
bool ExactlyOnceDestination::follow() {
  if (committed_.empty()) return true;
  const auto saved = row_.save(committed_);
  committed_ = {};
  followed_at_ = clock_.steady();
  return saved == Commit::committed;
}

}  // namespace annals::outbox
