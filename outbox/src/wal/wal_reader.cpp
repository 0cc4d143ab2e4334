#include "wal/wal_reader.hpp"

#include <algorithm>
#include <utility>
#include <variant>

namespace annals::outbox {

WalReader::WalReader(postgres::Connection& connection, const postgres::MessageLog& log, Clock& clock,
                     const Limits& limits)
    : log_(log), limits_(limits), rows_(log), feed_(connection, clock, limits.feed) {}

void WalReader::start(Progress published, const WalPlace& place) {
  feed_.close();
  opened_ = false;
  items_.clear();
  rows_.forget();
  transaction_.reset();
  read_ = std::move(published);
  started_at_ = place;
  flush_ = place.flush;
}

void WalReader::open(const std::string& slot, postgres::Lsn confirmed) {
  feed_.open({.name = slot, .publication = log_.publication}, flush_, confirmed);
  opened_ = true;
}

/// Everything up to here was taken, by this run or the one before.
WalPlace WalReader::place() const {
  auto taken = WalPlace{.flush = flush_};
  if (transaction_) taken = {.flush = flush_, .commit = transaction_->commit, .index = index_};
  const bool is_behind = std::pair{taken.commit, taken.index} <= std::pair{started_at_.commit, started_at_.index};
  return flush_ == started_at_.flush && is_behind ? started_at_ : taken;
}

/// Goes on where the feed before it came to, within a transaction, too: what was taken of that is passed over.
void WalReader::find_feed() {
  if (feed_.is_open() && (transaction_ || !feed_.review(flush_))) return;
  started_at_ = place();
  transaction_.reset();
  if (!feed_.is_open()) feed_.resume(flush_);
}

bool WalReader::take() {
  items_.clear();
  bytes_ = 0;
  find_feed();
  while (items_.size() < limits_.rows_max && bytes_ < limits_.bytes_max) {
    auto change = feed_.next();
    if (!change) {
      // Between transactions, and with all that came taken: what the server has looked at for us is done with as well.
      if (!transaction_) flush_ = std::max(flush_, feed_.passed());
      return false;
    }
    take(std::move(*change));
  }
  return true;
}

void WalReader::take(WalFeed::Change change) {
  const auto parsed = pgoutput::parse(change.bytes());
  if (const auto* insert = std::get_if<pgoutput::Insert>(&parsed)) return take(*insert, std::move(change));
  if (const auto* commit = std::get_if<pgoutput::Commit>(&parsed)) return take(*commit);
  if (const auto* relation = std::get_if<pgoutput::Relation>(&parsed)) return rows_.learn(*relation);
  if (const auto* begin = std::get_if<pgoutput::Begin>(&parsed)) {
    transaction_ = *begin;
    index_ = 0;
  }
}

void WalReader::take(const pgoutput::Commit& commit) {
  transaction_.reset();
  flush_ = std::max(flush_, commit.end);
  if (!items_.empty()) items_.back().entry.wal = {.flush = flush_};
}

void WalReader::take(const pgoutput::Insert& insert, WalFeed::Change change) {
  const auto* layout = rows_.layout_of(insert.relation);
  if (layout == nullptr || !transaction_) return;
  ++index_;
  const auto head = rows_.head(insert.row, *layout);
  if (is_done_with() || read_.contains(head.position)) return;
  const WalLedger::Entry entry{.place = {.position = head.position, .id = head.id},
                               .wal = {.flush = flush_, .commit = transaction_->commit, .index = index_}};
  read_.add(entry.place);
  bytes_ += change.bytes().size();
  items_.push_back({.change = std::move(change), .layout = layout, .entry = entry, .stream = head.stream});
}

/// The message that is being taken was taken by a run before.
bool WalReader::is_done_with() const {
  return transaction_->commit < started_at_.flush ||
         (transaction_->commit == started_at_.commit && index_ <= started_at_.index);
}

void WalReader::decode(const Item& item, MessageView& view) const {
  const auto change = pgoutput::parse(item.change.bytes());
  rows_.decode(std::get<pgoutput::Insert>(change).row, *item.layout, view);
}

}  // namespace annals::outbox
