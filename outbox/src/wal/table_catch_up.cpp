// Where the table ends and the log begins.
//
// A slot has every transaction whose commit record stands after the slot's mark, and no other. A commit record is written a
// moment before the transaction becomes visible (a long moment, where a synchronous standby is waited for). So when the slot is
// there, a message may be neither in it nor visible yet; but whoever wrote it still holds the table's lock. Therefore two
// proofs, one after the other (horizon_prover.cpp):
//   1  who holds the lock when the slot is there has ended: whatever the slot does not have is visible now;
//   2  H, the last position that is visible now, is a horizon: nobody can write at or below it any more.
// What the slot does not have is at or below H, and the table has all of it. What is above H was not visible at the
// beginning of (2), so it is in the slot. What is at or below H, and in the slot as well, is known by its position.
//
// A transaction that is open for long delays the proofs, and nothing else: until they are there the table is read around it
// (log/detour.cpp). Then what that left out up to H is read, in order and final.
#include "wal/table_catch_up.hpp"

#include <utility>

namespace annals::outbox {
TableCatchUp::TableCatchUp(postgres::Connection& connection, Clock& clock, const postgres::MessageLog& log,
                           postgres::RangeReader::Options limits, const Progress& published)
    : table_(postgres::log_table(log)),
      prover_(connection, table_),
      reader_(connection, table_, limits),
      messages_(connection, log) {
  detour_.emplace(connection, clock, table_, Detour::Options{.limits = limits, .filter = {}}, published);
}

bool TableCatchUp::proven() {
  while (proofs_left_ > 0) {
    if (!(prover_.pending() ? prover_.advance() : prover_.begin())) return false;
    --proofs_left_;
  }
  return true;
}

TableCatchUp::State TableCatchUp::read(const Progress& published) {
  rows_at_hand_.clear();
  if (detour_ && !proven()) return read_around();
  if (std::exchange(detour_, std::nullopt)) after_ = published.watermark();
  while (rows_at_hand_.empty()) {
    if (after_ < horizon()) (void)reader_.read({.after = after_, .up_to = horizon()}, rows_);
    if (after_ >= horizon() || rows_.empty()) {
      rows_.clear();
      return State::done;
    }
    messages_.learn(rows_);
    keep_unpublished(published);
  }
  return State::rows;
}

TableCatchUp::State TableCatchUp::read_around() {
  if (detour_->read() != Detour::State::rows) return State::blocked;
  messages_.learn(detour_->rows());
  return State::rows;
}

void TableCatchUp::keep_unpublished(const Progress& published) {
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    auto row = rows_.row(i);
    after_ = row.bigint();
    if (!published.contains(after_)) rows_at_hand_.push_back(i);
  }
}

MessageSource::Place TableCatchUp::place(std::size_t index) const { return MessageRows::place_of(row(index)); }

const std::vector<postgres::Blocker>& TableCatchUp::blockers() {
  return watch_.look(prover_, postgres::BlockerWatch::a_moment, std::chrono::steady_clock::now());
}

}  // namespace annals::outbox
