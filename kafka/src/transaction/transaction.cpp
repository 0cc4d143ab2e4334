// What librdkafka's answers mean for exactly once.
//
//   fenced     a successor took the id over, or the coordinator aborted a transaction that was open for too long: either way
//              this producer commits nothing more.
//   fatal      the producer is of no use. INVALID_PRODUCER_ID_MAPPING is among these, although librdkafka calls it abortable and
//              goes on: the coordinator has forgotten the id (transactional.id.expiration.ms), so nobody would have shut this
//              producer out, and it must read the checkpoint before it publishes again (KAFKA-18019).
//   abort      the transaction cannot be committed, and is aborted.
//   again      repeat the same call: a commit that timed out is still under way, and nothing else is allowed meanwhile.
//
// Abortable comes before retriable, because an error can be both. A commit without an answer is neither: whether it took place
// is known only to who takes the id over.
#include "transaction/transaction.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "client/acl.hpp"

namespace annals::kafka {

using std::chrono::milliseconds;

namespace {

/// So much longer than the network takes that the end of a sink is not waited for.
constexpr milliseconds abort_at_end{1'000};
/// One call of librdkafka, which is repeated until the time is over.
constexpr milliseconds call_wait{500};

int call_ms(const Deadline& deadline) { return to_int_ms(std::clamp(deadline.left(), milliseconds{1}, call_wait)); }

bool is_fenced(rd_kafka_resp_err_t error) {
  return error == RD_KAFKA_RESP_ERR__FENCED || error == RD_KAFKA_RESP_ERR_PRODUCER_FENCED ||
         error == RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH;
}

bool is_forgotten(rd_kafka_resp_err_t error) {
  return error == RD_KAFKA_RESP_ERR_INVALID_PRODUCER_ID_MAPPING || error == RD_KAFKA_RESP_ERR_UNKNOWN_PRODUCER_ID;
}

bool is_right_missing(rd_kafka_resp_err_t error) {
  return is_authorisation(error) || error == RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED;
}

}  // namespace

Transaction::~Transaction() {
  if (open_) (void)abort(abort_at_end);
}

Transaction::Answer Transaction::answer(ErrorHandle error) {
  if (!error) return Answer::yes;
  const auto code = rd_kafka_error_code(error.get());
  lacks_right_ = lacks_right_ || is_authorisation(code);
  reason_ = fmt::format("{} ({})", rd_kafka_error_string(error.get()), rd_kafka_error_name(error.get()));
  if (is_fenced(code)) return Answer::fenced;
  if (rd_kafka_error_is_fatal(error.get()) != 0 || is_forgotten(code)) {
    const auto fatal = rd_kafka_fatal_error(&producer_, nullptr, 0);
    return is_fenced(fatal) ? Answer::fenced : Answer::fatal;
  }
  if (rd_kafka_error_txn_requires_abort(error.get()) != 0) return Answer::abort;
  return rd_kafka_error_is_retriable(error.get()) != 0 ? Answer::again : Answer::fatal;
}

void Transaction::take_over(const KeepAlive& keep_alive) {
  const Deadline deadline{answer_timeout_};
  while (true) {
    ErrorHandle error{rd_kafka_init_transactions(&producer_, call_ms(deadline))};
    const auto code = error ? rd_kafka_error_code(error.get()) : RD_KAFKA_RESP_ERR_NO_ERROR;
    const auto said = answer(std::move(error));
    if (said == Answer::yes) return;
    if (is_right_missing(code)) {
      throw not_authorised(ErrorKind::not_ready, fmt::format("not authorised to use transactional id {}", id_),
                           acl_of_transactions(id_), state_);
    }
    if (said != Answer::again) throw broken(fmt::format("transactions cannot begin: {}", reason_));
    if (deadline.passed()) {
      throw disconnected(
          fmt::format("no coordinator of transactions within {} ms: {}", answer_timeout_.count(), reason_), state_);
    }
    keep_alive();
  }
}

void Transaction::begin_if_none() {
  if (open_) return;
  if (answer(ErrorHandle{rd_kafka_begin_transaction(&producer_)}) != Answer::yes) {
    throw broken(fmt::format("no transaction can begin: {}", reason_));
  }
  open_ = true;
}

Transaction::End Transaction::commit(const KeepAlive& keep_alive) {
  const Deadline deadline{answer_timeout_};
  while (true) {
    const auto said = answer(ErrorHandle{rd_kafka_commit_transaction(&producer_, call_ms(deadline))});
    if (said == Answer::yes) {
      open_ = false;
      return End::committed;
    }
    if (said == Answer::abort) return abort(deadline.left());
    if (said == Answer::again && !deadline.passed()) {
      keep_alive();
      continue;
    }
    open_ = false;  // there is nothing that could be done to it
    return said == Answer::fenced ? End::fenced : End::unknown;
  }
}

Transaction::End Transaction::abort(milliseconds wait) {
  open_ = false;
  const auto why = reason_;
  const Deadline deadline{wait};
  auto said = Answer::again;
  while (said == Answer::again) {
    said = answer(ErrorHandle{rd_kafka_abort_transaction(&producer_, call_ms(deadline))});
    if (deadline.passed()) break;
  }
  if (!why.empty()) reason_ = why;
  return said == Answer::fenced ? End::fenced : End::aborted;
}

}  // namespace annals::kafka
