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
// While a batch is taken its statement holds a snapshot, as any SELECT does, and the server may not clean up what that might still see. It
// takes no lock that a writer waits for. Whoever takes the rows bounds how long that lasts (is_stalled()); the server does, too, by
// statement_timeout.
#include "annals/postgres/replication/slot_miner.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "annals/core/assert.hpp"
#include "annals/core/error.hpp"
#include "annals/core/text.hpp"
#include "annals/postgres/params.hpp"
#include "annals/postgres/sql_text.hpp"
#include "annals_postgres_sql.hpp"
#include "session/socket_wait.hpp"
#include "values/wire.hpp"

namespace annals::postgres {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

namespace {

/// The first reach is a part of the largest: the sooner the first message goes out.
constexpr std::uint64_t first_part = 4;
/// Of COPY's binary form: signature, flags, length of an extension.
constexpr std::size_t copy_header = wire::copy_signature.size() + 2 * sizeof(std::int32_t);
/// Of a row of one column: how many there are, and how long the value is.
constexpr std::size_t row_header = sizeof(std::int16_t) + sizeof(std::int32_t);

/// The value in a row of COPY; empty for what stands before the first row and behind the last one.
std::string_view value_of(std::string_view data) {
  if (data.starts_with(wire::copy_signature)) data.remove_prefix(std::min(copy_header, data.size()));
  if (data.size() <= row_header) return {};
  return data.substr(row_header);
}

std::string advance_sql(std::string_view slot, Lsn lsn) {
  return render(sql::slot_advance, {{"slot", slot}, {"lsn", to_string(lsn)}});
}

}  // namespace

SlotMiner::SlotMiner(const Database& database, Options options)
    : options_(std::move(options)),
      session_(database),
      mark_(fmt::format("{}_m{}", options_.slot, session_.backend_pid())),
      passed_(options_.start),
      confirmed_(options_.confirmed),
      kept_from_(options_.confirmed),
      reach_(std::max<std::uint64_t>(options_.batch_bytes / first_part, 1)),
      heard_at_(steady_clock::now()),
      taken_at_(heard_at_) {
  require_identifier("slot", options_.slot);
  require_identifier("slot", mark_);
  require_identifier("publication", options_.publication);
  (void)session_.query(std::string{sql::mine_begin}, Params{}.text(options_.slot).text(mark_));
}

std::optional<ChangeFeed::Change> SlotMiner::next() {
  taken_at_ = steady_clock::now();
  while (true) {
    if (waiting_ == Waiting::rows) return take();
    if (waiting_ == Waiting::statement) {
      if (!session_.finish(milliseconds{0})) {
        require_answer();
        return std::nullopt;
      }
      waiting_ = Waiting::none;
    }
    if (!begin()) return std::nullopt;
  }
}

/// The next statement; false when there is nothing to do.
bool SlotMiner::begin() {
  if (!placed_) {
    placed_ = true;
    send(advance_sql(mark_, options_.start), Waiting::statement);
    return true;
  }
  if (confirmed_.value - kept_from_.value >= options_.batch_bytes) {
    kept_from_ = confirmed_;
    send(advance_sql(options_.slot, confirmed_), Waiting::statement);
    return true;
  }
  return begin_batch();
}

bool SlotMiner::begin_batch() {
  const auto end = log_written(session_);
  done_ = end.value < passed_.value + std::max<std::uint64_t>(options_.worth_bytes, 1);
  if (done_) return false;
  target_ = std::min(end, Lsn{passed_.value + reach_});
  found_ = false;
  send(render(sql::mine_batch, {{"slot", mark_},
                                {"upto", to_string(target_)},
                                {"publication", options_.publication},
                                {"messages", options_.messages ? ", 'messages', 'true'" : ""}}),
       Waiting::rows);
  return true;
}

void SlotMiner::send(const std::string& sql, Waiting answer) {
  session_.send(sql);
  waiting_ = answer;
  heard_at_ = steady_clock::now();
}

std::optional<ChangeFeed::Change> SlotMiner::take() {
  using State = Connection::Copied::State;
  while (true) {
    auto copied = session_.copied();
    if (copied.state == State::nothing) {
      require_answer();
      return std::nullopt;
    }
    if (copied.state == State::end) {
      end_batch();
      return std::nullopt;
    }
    heard_at_ = taken_at_;
    const auto value = value_of({copied.buffer.get(), copied.size});
    if (value.empty()) continue;
    found_ = true;
    return Change{copied.buffer.release(), value};
  }
}

/// Whoever asks once more begins the next one: what was passed is told in between.
void SlotMiner::end_batch() {
  waiting_ = Waiting::none;
  passed_ = target_;
  reach_ = found_ ? std::min(2 * reach_, options_.batch_bytes) : 4 * reach_;
}

void SlotMiner::require_answer() const {
  const auto most = patience(session_.database());
  if (steady_clock::now() - heard_at_ < most) return;
  throw Error{ErrorKind::disconnected,
              fmt::format("no answer from {} within {} ms", describe(session_.database()), most.count()),
              {.hint = "the server, or what stands between, is stopped or overloaded", .retryable = true}};
}

bool SlotMiner::wait(milliseconds wait_max) {
  if (waiting_ == Waiting::none) return true;
  return readable(session_.socket(), wait_max);
}

void SlotMiner::confirm(Lsn lsn) noexcept { confirmed_ = std::max(confirmed_, lsn); }

bool SlotMiner::is_stalled() const {
  return waiting_ == Waiting::rows && steady_clock::now() - taken_at_ >= options_.stall_max;
}

}  // namespace annals::postgres
