#include "poison/claim_check.hpp"

#include <chrono>

#include "annals/core/assert.hpp"
#include "annals/core/clock.hpp"
#include "annals/postgres/connection.hpp"
#include "annals/postgres/sql_text.hpp"
#include "annals_outbox_sql.hpp"

namespace annals::outbox {
namespace {

/// For so long a claim is taken for one that is there. It may be given up before the message that it is of is sent again: when that was
/// parked, or the broker was away for long.
constexpr std::chrono::minutes trusted_for{1};

}  // namespace

ClaimCheck::ClaimCheck(postgres::Connection& connection, const postgres::MessageLog& log,
                       const std::vector<ClaimRule>& rules, const Clock& clock)
    : connection_(connection), log_(log), clock_(clock), rules_(rules) {}

std::optional<std::size_t> ClaimCheck::limit_of(const MessageView& message) const {
  const auto* rule = rules_.find(message.topic);
  if (rule == nullptr || rule->above_bytes == 0 || message.payload.size() <= rule->above_bytes / 2) return std::nullopt;
  return rule->above_bytes;
}

const MessageView& ClaimCheck::claimed(const MessageView& message) {
  const std::pair whose{message.position, message.id};
  const auto now = clock_.steady();
  const bool is_another = reference_.empty() || whose != last_;
  if (is_another || now - looked_at_ > trusted_for) {
    reference_.clear();
    reference_ = make(message);
    stub_ = claim_stub(reference_);
    last_ = whose;
    looked_at_ = now;
  }
  if (is_another) {
    ++sums_.messages;
    sums_.bytes += message.payload.size();
  }
  view_ = message;
  view_.claim = reference_;
  view_.payload = stub_;
  return view_;
}

std::string ClaimCheck::make(const MessageView& message) {
  ANNALS_ASSERT(!connection_.in_transaction());
  postgres::Transaction transaction{connection_};
  connection_.execute(
      "SET LOCAL synchronous_commit = on");  // the session of a relay does not wait for the disk otherwise
  const auto params =
      postgres::Params{}.text(log_.name).bigint(message.position).uuid(message.id).bytea(message.payload);
  const auto row = connection_.query_prepared("annals_claim_make", postgres::render(sql::claim_make, log_), params);
  transaction.commit();
  return to_string(Claim{.database = row.text(0, 2),
                         .schema = log_.schema,
                         .number = row.bigint(0, 0),
                         .bytes = message.payload.size(),
                         .sha256 = row.text(0, 1)});
}

}  // namespace annals::outbox
