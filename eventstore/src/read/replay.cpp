#include "read/replay.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <optional>
#include <thread>

#include "annals/core/error.hpp"
#include "annals/postgres/tail/horizon_prover.hpp"
#include "annals/postgres/tail/horizon_store.hpp"
#include "annals/postgres/tail/recovery.hpp"
#include "read/range_share.hpp"
#include "read/read_ahead.hpp"

namespace annals::eventstore {
namespace {

using State = postgres::OrderedTail::State;

/// What several sessions are to share is proven first; when that takes longer, one goes on alone.
constexpr std::chrono::seconds proof_wait_max{1};
/// Less than this is not worth another session.
constexpr std::int64_t shared_min = 20'000;
constexpr std::size_t page_events_max = postgres::OrderedTail::Options{}.rows_max;

Error blocked_too_long(const std::vector<postgres::Blocker>& blockers) {
  if (blockers.empty()) {
    return Error{ErrorKind::overloaded,
                 "replay waits for a transaction that has just ended",
                 {.hint = "read again from the position reached"}};
  }
  const auto& first = blockers.front();
  return Error{ErrorKind::overloaded,
               fmt::format("replay waits for {}, open {}", postgres::who_text(first), postgres::age_text(first)),
               {.hint = postgres::remedy_text(first) + ", or read again later from the position reached"}};
}

/// The pages of several shares in the order of the log: always the one that begins first.
class Merge {
 public:
  void add(std::unique_ptr<ReadAhead> lane) {
    heads_.emplace_back();
    lanes_.push_back(std::move(lane));
  }

  std::optional<EventPage> next() {
    std::optional<EventPage>* first = nullptr;
    for (std::size_t i = 0; i < lanes_.size(); ++i) {
      auto& head = heads_[i];
      if (!head) head = lanes_[i]->next();
      if (head && (first == nullptr || head->first() < (*first)->first())) first = &head;
    }
    return first == nullptr ? std::nullopt : std::exchange(*first, std::nullopt);
  }

 private:
  std::vector<std::unique_ptr<ReadAhead>> lanes_;
  std::vector<std::optional<EventPage>> heads_;
};

/// Up to where the session's server has everything, for good. On a replica that is what the primary's readers have stored.
std::int64_t final_end(postgres::Connection& connection, const postgres::LogTable& table,
                       std::chrono::milliseconds wait_max) {
  if (!postgres::in_recovery(connection)) return postgres::settled_end(connection, table, wait_max);
  const auto stored = postgres::HorizonStore{connection, table.horizon}.load();
  return stored.in_recovery ? stored.horizon.value_or(0) : 0;
}

}  // namespace

Replay::Replay(Pool& pool, std::string schema, const ReplayOptions& options)
    : pool_(pool),
      schema_(std::move(schema)),
      options_(options),
      reader_(*leases_.emplace_back(pool.acquire()), schema_) {}

GlobalPosition Replay::run(GlobalPosition after, const Visit& visit) {
  reached_ = after;
  moved_ = std::chrono::steady_clock::now();
  EventPage page;
  while (true) {
    reader_.fetch(reached_, page_events_max, page);
    if (page.state == State::caught_up) return reached_;
    if (page.state == State::blocked) {
      wait_for_writers();
      continue;
    }
    const bool more = reader_.tail().more();
    if (!take(page, visit)) return reached_;
    if (more && options_.sessions > 1 && !read_ranges(visit)) return reached_;
    if (more && !read_ahead(visit)) return reached_;
  }
}

bool Replay::take(const EventPage& page, const Visit& visit) {
  for (std::size_t i = 0; i < page.rows.size(); ++i) {
    const auto& event = decoder_.decode(page, i);
    reached_ = event.position;
    if (!visit(event)) return false;
  }
  moved_ = std::chrono::steady_clock::now();
  return true;
}

void Replay::wait_for_writers() {
  if (std::chrono::steady_clock::now() - moved_ > options_.blocked_wait_max) {
    throw blocked_too_long(reader_.tail().blockers());
  }
  std::this_thread::sleep_for(reader_.tail().retry_after());
}

/// As long as there are rows; why there are none is for run() to find out.
bool Replay::read_ahead(const Visit& visit) {
  ReadAhead pages{[this, at = reached_](EventPage& page) mutable {
    reader_.fetch(at, page_events_max, page);
    if (page.state != State::rows) return false;
    at = page.last();
    return true;
  }};
  while (const auto page = pages.next()) {
    if (!take(*page, visit)) return false;
  }
  return true;
}

/// Whatever fails in one of the sessions fails again, at its place, for the one that goes on alone.
bool Replay::read_ranges(const Visit& visit) {
  lease_more();
  const auto end = shared_end();
  if (leases_.size() < 2 || end - reached_.value() < shared_min) return true;
  Merge merge;
  for (std::size_t i = 0; i < leases_.size(); ++i) {
    auto share =
        std::make_shared<RangeShare>(*leases_[i], schema_, RangeShare::Span{.after = reached_.value(), .end = end},
                                     static_cast<std::int64_t>(i), static_cast<std::int64_t>(leases_.size()));
    merge.add(std::make_unique<ReadAhead>([share](EventPage& page) { return share->fetch(page); }));
  }
  const auto next = [&]() -> std::optional<EventPage> {
    try {
      return merge.next();
    } catch (const Error&) {
      options_.sessions = 1;
      return std::nullopt;
    }
  };
  while (const auto page = next()) {
    if (!take(*page, visit)) return false;
  }
  return true;
}

/// Those that are free: who waits here for another's session holds what the other waits for. One that cannot be opened is
/// not needed.
void Replay::lease_more() {
  try {
    while (leases_.size() < options_.sessions) {
      auto lease = pool_.try_acquire();
      if (!lease) return;
      leases_.push_back(std::move(*lease));
    }
  } catch (const Error&) {
    options_.sessions = leases_.size();
  }
}

/// Up to where all of the sessions may read in any order; 0 when one of them does not say. Each speaks for itself: behind one
/// address there may be several servers, and a replica has not yet what the primary has proven.
std::int64_t Replay::shared_end() {
  auto end = std::numeric_limits<std::int64_t>::max();
  const auto deadline = std::chrono::steady_clock::now() + proof_wait_max;
  try {
    for (auto& lease : leases_) {
      const auto left = deadline - std::chrono::steady_clock::now();
      end =
          std::min(end, final_end(*lease, reader_.tail().table(), std::chrono::ceil<std::chrono::milliseconds>(left)));
    }
  } catch (const Error&) {
    return 0;
  }
  return end;
}

}  // namespace annals::eventstore
