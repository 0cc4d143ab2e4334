#include "ownership/frozen_holder.hpp"

#include "annals/postgres/sql_text.hpp"
#include "annals_postgres_sql.hpp"

namespace annals::postgres {

bool FrozenHolder::is_due() const noexcept { return std::chrono::steady_clock::now() - looked_ >= lease_ / 6; }

std::string FrozenHolder::statement() const {
  const bool lasts = moment_ && looked_ - since_ >= lease_ * 3 / 2;
  return render(sql::frozen_holder, {{"key", key_},
                                     {"lease_ms", std::to_string(lease_.count())},
                                     {"convicted", lasts ? std::to_string(*moment_) + "::bigint" : "NULL"}});
}

void FrozenHolder::saw(std::optional<std::int64_t> moment) noexcept {
  looked_ = std::chrono::steady_clock::now();
  if (moment != moment_) since_ = looked_;
  moment_ = moment;
}

}  // namespace annals::postgres
