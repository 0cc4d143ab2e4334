#include "annals/postgres/replication/change_feed.hpp"

#include <libpq-fe.h>

namespace annals::postgres {

void ChangeFeed::Change::Free::operator()(char* buffer) const noexcept { PQfreemem(buffer); }

}  // namespace annals::postgres
