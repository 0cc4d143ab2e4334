// How messages are set aside, and how they come back, without a loss and in order.
//
// A key is closed from the position of its first parked message on, as long as one of its messages is parked. What is read of a
// closed key is parked, too. Only the relay that owns the log reads, parks and releases, all of it on one thread.
//
// Invariants
//   P1  What a checkpoint passes over was published, given up by an operator, or is on disk in relay_parked: write() comes before
//       every commit.
//   P2  Of a key, what is parked is released in the order in which it was parked, which is the order in which it was read; and
//       what is read is parked as long as anything of the key is. So nothing overtakes. A key is opened again only when nothing
//       of it is left in the table, what is not written yet included. Of a busy key something would always be left, so nothing
//       more is read while the last batch of a release is under way.
//   P3  What was read twice, because the checkpoint was not past it when the relay died, is parked once: by position and id.
//   P4  A run that begins before the first parked message of a key publishes what comes before it, and parks from there on.
//   P5  At least once: what is released is finished when it is delivered, so it may be released twice, before anything that follows
//       it. Exactly once: it is in one transaction with a note that names its batch, and the batch is on disk before; a run that
//       begins after that note finishes the batch, and every other run releases it again.
#include "poison/parking.hpp"

#include <algorithm>
#include <utility>

#include "annals/core/assert.hpp"
#include "annals/core/text.hpp"
#include "poison/reason.hpp"

namespace annals::outbox {

using namespace std::chrono_literals;

namespace {

constexpr auto ask_every = 1s;
constexpr std::size_t unwritten_rows_max = 1'000;
constexpr std::size_t unwritten_bytes_max = 4U << 20U;
constexpr std::size_t batch_rows_max = 1'000;
constexpr std::size_t batch_bytes_max = 2U << 20U;

std::pair<std::int64_t, EventId> place_of(const MessageView& message) { return {message.position, message.id}; }

TopicKey key_of(const MessageView& message) { return {std::string{message.topic}, std::string{message.key}}; }

std::string told(std::string_view reason) { return printable(reason.substr(0, reason_bytes_max)); }

}  // namespace

Parking::Parking(ParkedStore* store, const RelayOptions& options)
    : store_(store), rules_(options.on_poison), keys_max_(options.parked_keys_max) {}

void Parking::start(std::int64_t position, const std::string& note) {
  if (store_ == nullptr) return;
  if (const auto batch = EventId::parse(note))
    store_->finish(store_->of_batch(*batch), ParkedStore::Outcome::published);
  for (auto& recent : store_->recent(position)) {
    recent_.insert_or_assign({recent.place.position, recent.place.id}, std::move(recent.entry));
  }
  reopen();
  more_ = true;
  anything_waits_ = store_->news().anything_waits;
}

const ParkedEntry* Parking::find(const MessageView& message) const {
  const auto found = recent_.find(place_of(message));
  return found == recent_.end() ? nullptr : &found->second;
}

bool Parking::must_wait(const MessageView& message) const {
  if (message.key.empty() || closed_.empty()) return false;
  const auto found = closed_.find(key_of(message));
  return found != closed_.end() && message.position >= found->second;
}

bool Parking::has_room(const MessageView& message) const {
  return closed_.size() < keys_max_ || closed_.contains(key_of(message));
}

void Parking::add(const MessageView& message, const ParkedEntry& entry) {
  ANNALS_ASSERT(store_ != nullptr);
  store_->add(message, {entry.policy, told(entry.reason), entry.dead_letter_topic});
  anything_waits_ = true;
  if (!entry.reason.empty()) recent_.insert_or_assign(place_of(message), entry);
  if (entry.policy == PoisonPolicy::park && !message.key.empty())
    closed_.try_emplace(key_of(message), message.position);
  unwritten_bytes_ += message.payload.size();
  if (store_->unwritten() >= unwritten_rows_max || unwritten_bytes_ >= unwritten_bytes_max) write();
}

void Parking::keep(const MessageView& message, std::string_view reason) {
  recent_.at(place_of(message)).dead_letter_topic.clear();
  store_->keep({.position = message.position, .id = message.id}, told(reason));
}

void Parking::write() {
  if (store_ != nullptr) store_->write();
  unwritten_bytes_ = 0;
}

void Parking::forget(std::int64_t position) { recent_.erase(recent_.begin(), recent_.lower_bound({position + 1, {}})); }

bool Parking::may_release(std::chrono::steady_clock::time_point now) {
  if (store_ == nullptr || !anything_waits_) return false;
  if (more_ || now - asked_at_ < ask_every) return more_;
  asked_at_ = now;
  const auto news = store_->news();
  anything_waits_ = news.anything_waits || store_->unwritten() > 0;
  more_ = news.decision > decision_;
  return more_;
}

std::vector<ParkedStore::Due> Parking::next_batch() {
  write();
  decision_ = store_->news().decision;  // a later one is news
  auto batch = store_->due(batch_rows_max, batch_bytes_max);
  more_ = !batch.empty();
  last_ = batch.size() < batch_rows_max && !store_->left_out();
  std::vector<std::int64_t> skipped;
  std::erase_if(batch, [&](const auto& due) {
    if (due.skip) skipped.push_back(due.place);
    return due.skip;
  });
  store_->finish(skipped, ParkedStore::Outcome::skipped);
  if (batch.empty() && last_) reopen();
  return batch;
}

std::string Parking::begin(const std::vector<ParkedStore::Due>& batch) {
  std::vector<std::int64_t> places;
  places.reserve(batch.size());
  for (const auto& due : batch) places.push_back(due.place);
  const auto id = EventId::generate();
  store_->begin(places, id);
  return id.to_string();
}

void Parking::refuse(const ParkedStore::Due& message, std::string_view reason) {
  store_->refuse(message.place, message.decision, told(reason));
}

void Parking::finish(const std::vector<std::int64_t>& places) {
  store_->finish(places, ParkedStore::Outcome::published);
  if (last_) reopen();
  more_ = true;
}

/// What waits is what the table says: nothing is parked between the last batch and its end (P2).
void Parking::reopen() {
  ANNALS_ASSERT(store_->unwritten() == 0);
  closed_ = store_->closed_keys();
}

}  // namespace annals::outbox
