#include "wal/wal_reader.hpp"

#include <thread>
#include <utility>
#include <variant>

#include "annals/core/error.hpp"

namespace annals::outbox {

using namespace std::chrono_literals;
using postgres::ReplicationStream;

namespace {

/// A session that has ended keeps its slot until the server has noticed.
constexpr auto slot_free_within = 5s;
constexpr auto slot_ask_again = 20ms;
/// SQLSTATE object_in_use.
constexpr std::string_view in_use = "55006";

}  // namespace

WalReader::WalReader(const postgres::MessageLog& log, Clock& clock, Limits limits)
    : log_(log), clock_(clock), limits_(limits), rows_(log) {}

void WalReader::start(Progress published, const WalPlace& place) {
  stream_.reset();
  items_.clear();
  rows_.forget();
  transaction_.reset();
  read_ = std::move(published);
  started_at_ = place;
  flush_ = place.flush;
}

void WalReader::open(const postgres::Database& database, const std::string& slot) {
  const auto deadline = clock_.steady() + slot_free_within;
  while (true) {
    try {
      stream_.emplace(database,
                      ReplicationStream::Options{.slot = slot, .publication = log_.publication, .start = flush_});
      return;
    } catch (const Error& error) {
      if (error.sqlstate() != in_use || clock_.steady() >= deadline) throw;
      std::this_thread::sleep_for(slot_ask_again);
    }
  }
}

bool WalReader::take() {
  items_.clear();
  bytes_ = 0;
  while (items_.size() < limits_.rows_max && bytes_ < limits_.bytes_max) {
    auto change = stream_->next();
    if (!change) {
      // Between transactions, and with all that came taken: what the server has looked at for us is done with as well.
      if (!transaction_) flush_ = std::max(flush_, stream_->passed());
      return false;
    }
    take(std::move(*change));
  }
  return true;
}

void WalReader::take(ReplicationStream::Change change) {
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
  flush_ = commit.end;
  if (!items_.empty()) items_.back().entry.wal = {.flush = flush_};
}

void WalReader::take(const pgoutput::Insert& insert, ReplicationStream::Change change) {
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
