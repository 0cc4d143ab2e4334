#include "relay/release.hpp"

#include "annals/core/error.hpp"
#include "poison/poison.hpp"

namespace annals::outbox {
namespace {

std::int64_t ticket_of(std::size_t index) { return -static_cast<std::int64_t>(index) - 1; }
std::size_t index_of(std::int64_t ticket) { return static_cast<std::size_t>(-(ticket + 1)); }

bool is_of_same_key(const ParkedStore::Due& a, const ParkedStore::Due& b) {
  return !a.view.key.empty() && a.view.topic == b.view.topic && a.view.key == b.view.key;
}

}  // namespace

std::size_t Release::work(Committer& committer, std::chrono::steady_clock::time_point now) {
  if (!is_active() && !begin(committer, now)) return 0;
  const auto sent = send();
  return sent + collect(committer);
}

bool Release::begin(Committer& committer, std::chrono::steady_clock::time_point now) {
  if (!parts_.parking.may_release(now)) return false;
  batch_ = parts_.parking.next_batch();
  next_ = delivered_ = 0;
  sent_.clear();
  noted_ = false;
  if (batch_.empty()) return false;
  if (all_together()) {
    note_ = parts_.parking.begin(batch_);
    committer.begin_aside();
  }
  return true;
}

std::size_t Release::send() {
  const auto before = next_;
  while (next_ < batch_.size() && offer(next_)) ++next_;
  return next_ - before;
}

/// False when there is no room.
bool Release::offer(std::size_t index) {
  auto& due = batch_[index];
  if (due.skip) return true;  // left out
  due.view.ticket = ticket_of(index);
  if (parts_.admission.decide(due.view) == Admission::Verdict::poison) {
    give_back(index, parts_.admission.objection(due.view).reason);
    return true;
  }
  try {
    if (!parts_.publisher.offer_aside(due.view)) return false;
  } catch (const Error& error) {
    if (!is_refusal(error)) throw;
    give_back(index, error.message());
    return true;
  }
  sent_.push_back(due.place);
  return true;
}

/// It waits for another decision, and what comes after it, of its key, waits with it.
void Release::give_back(std::size_t index, std::string_view reason) {
  parts_.parking.refuse(batch_[index], reason);
  std::vector<std::int64_t> withdrawn;
  for (auto later = index + 1; later < batch_.size(); ++later) {
    if (!is_of_same_key(batch_[index], batch_[later])) continue;
    batch_[later].skip = true;
    withdrawn.push_back(batch_[later].place);
  }
  parts_.parking.withdraw(withdrawn);
}

std::size_t Release::collect(Committer& committer) {
  const auto delivered = parts_.publisher.take_delivered_aside().size();
  delivered_ += delivered;
  if (next_ < batch_.size()) return delivered;
  if (all_together() && !noted_) {
    committer.end_aside(sent_.empty() ? std::string{} : note_);
    noted_ = true;
  }
  if (delivered_ < sent_.size() || (all_together() && committer.has_note())) return delivered;
  parts_.parking.finish(sent_);
  batch_.clear();
  return delivered + 1;
}

void Release::refused(const Delivery& delivery) {
  const auto index = index_of(delivery.ticket);
  if (index < batch_.size()) parts_.parking.refuse(batch_[index], delivery.reason);
}

}  // namespace annals::outbox
