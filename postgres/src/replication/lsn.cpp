#include "annals/postgres/replication/lsn.hpp"

#include <fmt/format.h>

namespace annals::postgres {

std::string to_string(Lsn lsn) { return fmt::format("{:X}/{:X}", lsn.value >> 32U, lsn.value & 0xFFFFFFFFU); }

}  // namespace annals::postgres
