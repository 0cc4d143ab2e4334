// Streamed or mined.
//
// A walsender sends a change as soon as it is committed, and each by itself, which costs several times what the change does. A miner carries
// them in bulk, and none before the server has decoded a batch. So a backlog is mined, and what is left of it streamed:
//
//   from mine_from_bytes of the log on   it is mined, from the next end of a transaction on;
//   less than a quarter of that          it is streamed: while something is written there is always some, and each batch reads
//                                        again what the one before has read, so that many small ones would keep a relay late.
//
// The places in between are those between transactions, so that neither way begins within one. Both begin by the commit's place, which they
// give as well, and so what the other has given is passed over by it (WalReader).
//
// When mining does not work out, what is left is streamed for a while: where no slot is free for its mark, where the server cannot keep a
// batch (temp_file_limit, a full disk) or does not get to its end within statement_timeout; and where the destination takes so little that a
// batch waits for it. The last matters most. The statement of a batch holds a snapshot, so the relay's rule that no transaction of a database
// is open while a destination is waited for (relay_run.cpp, I4) is kept as: none is for longer than SlotMiner::Options::stall_max.
#include "wal/wal_feed.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <thread>
#include <utility>

#include "annals/postgres/connection.hpp"
#include "annals/postgres/replication/replication_stream.hpp"
#include "annals/postgres/replication/slot_miner.hpp"

namespace annals::outbox {

using namespace std::chrono_literals;
using postgres::Lsn;
using postgres::ReplicationStream;
using postgres::SlotMiner;

namespace {

/// A session that has ended keeps its slot until the server has noticed.
constexpr auto slot_free_within = 5s;
constexpr auto slot_ask_again = 20ms;
/// SQLSTATEs object_in_use and undefined_object.
constexpr std::string_view in_use = "55006";
constexpr std::string_view not_there = "42704";
/// How long it is streamed after mining did not work out.
constexpr auto mine_again_after = 30s;

/// Of a batch, or of what it takes to begin: a stream does without. Too many slots or too much in temporary files; no room on the disk,
/// or in memory; not done in time.
bool is_for_streams(const Error& error) {
  constexpr std::array<std::string_view, 4> states{"53400", "53100", "53200", "57014"};
  return std::ranges::find(states, error.sqlstate()) != states.end();
}

/// It was there as the relay began.
void require_slot(const Error& error, postgres::ValueForm values) {
  if (error.sqlstate() != not_there) return;
  const bool of_changes = values == postgres::ValueForm::text;  // which are in no table
  throw Error{
      ErrorKind::not_ready,
      error.message(),
      {.hint =
           of_changes
               ? "somebody dropped it; the next start says what is lost with it, and how to begin anew"
               : "somebody dropped it; the next start makes another and reads from the table what that does not have",
       .sqlstate = error.sqlstate(),
       .retryable = true}};
}

}  // namespace

WalFeed::WalFeed(postgres::Connection& connection, Clock& clock, Options options)
    : connection_(connection), clock_(clock), options_(options) {}
WalFeed::~WalFeed() = default;

void WalFeed::open(Slot slot, Lsn at, Lsn confirmed) {
  slot_ = std::move(slot);
  confirmed_ = confirmed;
  not_mined_until_.reset();
  resume(at);
}

void WalFeed::close() noexcept {
  feed_.reset();
  mining_ = false;
}

void WalFeed::resume(Lsn at) {
  if (is_backlog(at)) mine(at);
  if (!is_open()) stream(at);
}

bool WalFeed::is_backlog(Lsn at) {
  const auto now = clock_.steady();
  asked_at_ = now;
  if (not_mined_until_ && now < *not_mined_until_) return false;
  return postgres::log_written(connection_).value >= at.value + options_.mine_from_bytes;
}

bool WalFeed::mining_ended() const { return mining_ && static_cast<const SlotMiner&>(*feed_).is_done(); }

bool WalFeed::review(Lsn at) {
  if (mining_ended()) {
    close();
    stream(at);
    return true;
  }
  if (mining_ || clock_.steady() - asked_at_ < options_.look_again || !is_backlog(at)) return false;
  close();
  resume(at);
  return true;
}

void WalFeed::stream(Lsn at) {
  const auto deadline = clock_.steady() + slot_free_within;
  while (true) {
    try {
      feed_ = std::make_unique<ReplicationStream>(connection_.database(),
                                                  ReplicationStream::Options{.slot = slot_.name,
                                                                             .publication = slot_.publication,
                                                                             .start = at,
                                                                             .confirmed = confirmed_,
                                                                             .messages = slot_.messages,
                                                                             .values = slot_.values});
      return;
    } catch (const Error& error) {
      require_slot(error, slot_.values);
      if (error.sqlstate() != in_use || clock_.steady() >= deadline) throw;
      std::this_thread::sleep_for(slot_ask_again);
    }
  }
}

void WalFeed::mine(Lsn at) {
  try {
    feed_ = std::make_unique<SlotMiner>(connection_.database(),
                                        SlotMiner::Options{.slot = slot_.name,
                                                           .publication = slot_.publication,
                                                           .start = at,
                                                           .confirmed = confirmed_,
                                                           .messages = slot_.messages,
                                                           .values = slot_.values,
                                                           .batch_bytes = options_.batch_bytes,
                                                           .worth_bytes = options_.mine_from_bytes / 4,
                                                           .stall_max = options_.stall_max});
    mining_ = true;
  } catch (const Error& error) {
    require_slot(error, slot_.values);
    if (!is_for_streams(error)) throw;
    give_up();
  }
}

void WalFeed::give_up() noexcept {
  close();
  not_mined_until_ = clock_.steady() + mine_again_after;
}

std::optional<WalFeed::Change> WalFeed::next() {
  try {
    return feed_->next();
  } catch (const Error& error) {
    if (!mining_ || !is_for_streams(error)) throw;
    give_up();
    return std::nullopt;
  }
}

bool WalFeed::wait(std::chrono::milliseconds wait_max) { return !is_open() || feed_->wait(wait_max); }

void WalFeed::confirm(Lsn lsn) noexcept {
  confirmed_ = std::max(confirmed_, lsn);
  if (is_open()) feed_->confirm(confirmed_);
}

void WalFeed::rest() {
  if (!is_open()) return;
  feed_->keep_alive();
  if (mining_ && static_cast<const SlotMiner&>(*feed_).is_stalled()) give_up();
}

}  // namespace annals::outbox
