// How a backlog is mined without a walsender.
//
// pg_logical_slot_get_binary_changes() gives the bytes that a walsender would send, as rows, and COPY carries rows in bulk. It moves the
// slot that it reads as it returns, before anybody has the rows. So it reads a slot of the session's own, a temporary copy of the
// durable one: a reader's mark. The durable slot stays where it is, keeps the log for both, and is moved by confirm() alone. Whatever
// happens to this session, another begins again at any place that is not confirmed.
//
// How large a batch is. A slot's log is read from restart_lsn on, which moves only over snapshots of running transactions: every 15
// seconds of writing has one. A batch therefore reads again what the ones before it have read since the last. So it must be large; but
// the server keeps all of it, in work_mem and then in a temporary file, until it was taken. It is bounded in bytes of the log, not in
// changes, because these may be of any size. One transaction is never divided: where a reach ends within a large one, nothing comes, and the
// next reach is four times as far, so that all the reaches in vain together cost a third of the one that gets there.
//
// None of a batch comes before all of it is decoded. So there are two readers, each with a mark: as soon as one's batch comes, the other
// begins the next, where that ends. Both may give a transaction whose commit is just there, and the later one of the two is passed over by
// whoever takes them, as it is where a stream follows; neither leaves it out. Who has no slot, or no session, for a second one does with one.
//
// While a batch is taken its statement holds a snapshot, as any SELECT does, and the server may not clean up what that might still see. It
// takes no lock that a writer waits for. Whoever takes the rows bounds how long that lasts (is_stalled()); the server does, too, by
// statement_timeout.
#include "annals/postgres/replication/slot_miner.hpp"

#include <algorithm>
#include <utility>

#include "annals/core/error.hpp"
#include "annals/postgres/connection.hpp"
#include "replication/slot_mark.hpp"
#include "session/socket_wait.hpp"

namespace annals::postgres {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

namespace {

/// The first reach is a part of the largest: the sooner the first message goes out.
constexpr std::uint64_t first_part = 4;

/// No slot for another mark, or no session: too many of either, of the server, the database or the role.
bool is_for_one(const Error& error) { return error.sqlstate() == "53400" || error.sqlstate() == "53300"; }

}  // namespace

struct SlotMiner::Reader {
  Reader(const Database& database, const Options& options)
      : mark(database, {.slot = options.slot,
                        .publication = options.publication,
                        .messages = options.messages,
                        .values = options.values}) {}

  SlotMark mark;
  Lsn upto;            // of the batch
  bool found = false;  // it has changes
};

SlotMiner::SlotMiner(Database database, Options options)
    : options_(std::move(options)),
      database_(std::move(database)),
      reader_(std::make_unique<Reader>(database_, options_)),
      passed_(options_.start),
      reached_(options_.start),
      confirmed_(options_.confirmed),
      kept_from_(options_.confirmed),
      reach_(std::max<std::uint64_t>(options_.batch_bytes / first_part, 1)),
      taken_at_(steady_clock::now()) {}

SlotMiner::~SlotMiner() = default;

std::optional<ChangeFeed::Change> SlotMiner::next() {
  taken_at_ = steady_clock::now();
  if (reader_->mark.is_idle() && !begin(*reader_)) {
    done_ = true;
    return std::nullopt;
  }
  auto change = reader_->mark.next(taken_at_);
  if (!change) {
    if (reader_->mark.is_idle()) end_batch();
    return std::nullopt;
  }
  if (!std::exchange(reader_->found, true)) begin_ahead();
  return change;
}

bool SlotMiner::is_worth_a_batch() const {
  return written_.value >= reached_.value + std::max<std::uint64_t>(options_.worth_bytes, 1);
}

/// False: what is left is not worth a batch.
bool SlotMiner::begin(Reader& reader) {
  written_ = log_written(reader.mark.session());
  if (!is_worth_a_batch()) return false;
  if (confirmed_.value - kept_from_.value >= options_.batch_bytes) kept_from_ = confirmed_;
  reader.upto = std::min(written_, Lsn{reached_.value + reach_});
  reader.found = false;
  reader.mark.begin({.from = reached_, .upto = reader.upto, .confirmed = kept_from_});
  reached_ = reader.upto;
  return true;
}

/// The batch that comes has something, so the next may be twice as large. There is one when it was worth one as this began.
void SlotMiner::begin_ahead() {
  reach_ = std::min(2 * reach_, options_.batch_bytes);
  if (is_worth_a_batch() && make_second()) (void)begin(*ahead_);
}

bool SlotMiner::make_second() {
  if (ahead_ || alone_) return !alone_;
  try {
    ahead_ = std::make_unique<Reader>(database_, options_);
  } catch (const Error& error) {
    if (!is_for_one(error)) throw;
    alone_ = true;
  }
  return !alone_;
}

/// Whoever asks once more takes, or begins, the next one: what was passed is told in between.
void SlotMiner::end_batch() {
  passed_ = reader_->upto;
  if (!reader_->found) reach_ *= 4;
  if (!ahead_ || ahead_->mark.is_idle()) return;
  std::swap(reader_, ahead_);
  reader_->mark.expect_answer(taken_at_);
}

bool SlotMiner::wait(milliseconds wait_max) {
  if (reader_->mark.is_idle()) return true;
  return readable(reader_->mark.session().socket(), wait_max);
}

void SlotMiner::confirm(Lsn lsn) noexcept { confirmed_ = std::max(confirmed_, lsn); }

bool SlotMiner::is_stalled() const {
  return !reader_->mark.is_idle() && steady_clock::now() - taken_at_ >= options_.stall_max;
}

}  // namespace annals::postgres
