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

#include "annals/core/error.hpp"
#include "annals/core/text.hpp"
#include "log/table_cursor.hpp"

namespace annals::outbox {
namespace {

/// Format, version 1, ASCII:  annals/1 GENERATION CURSOR
constexpr std::string_view version = "annals/1 ";
constexpr std::size_t generation_size = 36;
constexpr std::string_view id_prefix = "annals-relay-";
/// A trickle of messages must not update one row for each of them.
constexpr std::chrono::milliseconds follow_interval{100};

std::string encode(const std::string& generation, const Cursor& cursor) {
  return fmt::format("{}{} {}", version, generation, cursor.bytes);
}

struct Record {
  std::string_view generation;
  std::string_view cursor;
};

std::int64_t position_of(const Cursor& cursor) { return TableCursor::decode(cursor).place.position; }

Record parse(std::string_view text, const std::string& id) {
  constexpr auto cursor_at = version.size() + generation_size + 1;
  if (text.starts_with(version) && text.size() > cursor_at && text[cursor_at - 1] == ' ') {
    return {.generation = text.substr(version.size(), generation_size), .cursor = text.substr(cursor_at)};
  }
  throw Error{ErrorKind::corrupt,
              fmt::format("\"{}\" is not a checkpoint of {}", printable(text), id),
              {.hint = "it was written by another program, or by a newer version of this one"}};
}

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
  const auto record = sink_.open(transactional_id(), keep_alive_);
  if (row_.has_row()) checkpoint.cursor = agreed(checkpoint.cursor, record);
  return checkpoint;
}

std::string ExactlyOnceDestination::transactional_id() const {
  return std::string{id_prefix} + row_.tie()->transactional_id.to_string();
}

Cursor ExactlyOnceDestination::agreed(const Cursor& of_row, const std::string& record) const {
  if (!record.empty()) {
    const auto [generation, text] = parse(record, transactional_id());
    if (generation == row_.tie()->generation.to_string()) {
      Cursor cursor{std::string{text}};
      if (position_of(cursor) < position_of(of_row)) throw lost("gone back", position_of(of_row));
      return cursor;
    }
  }
  if (row_.tie()->in_broker) throw lost("been lost", position_of(of_row));
  return of_row;
}

Error ExactlyOnceDestination::lost(std::string_view how, std::int64_t position) const {
  return Error{
      ErrorKind::corrupt,
      fmt::format("the checkpoint of relay \"{}\" on {} at the broker ({}) has {}: how much of what follows position "
                  "{} was published it does not say",
                  printable(relay_), log_.name, transactional_id(), how, position),
      {.hint = fmt::format("is it the right cluster, and was the topic of checkpoints deleted, or a broker's disk "
                           "lost? To go on from there, which may publish some messages again: {}",
                           adopt_command(relay_, log_, position))}};
}

Destination::Commit ExactlyOnceDestination::commit(const Cursor& cursor) {
  if (!row_.has_row()) {  // a new name: the row says first which transactional id is its own
    if (const auto first = row_.save(cursor); first != Commit::committed) return first;
  }
  const auto outcome = sink_.commit(encode(row_.tie()->generation.to_string(), cursor), keep_alive_);
  if (outcome != Commit::committed) return outcome;
  committed_ = cursor;
  return follow_when_due() ? Commit::committed : Commit::fenced;
}

void ExactlyOnceDestination::poll(std::chrono::milliseconds wait, std::vector<Delivery>& deliveries) {
  (void)follow_when_due();
  sink_.poll(wait, deliveries);
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
