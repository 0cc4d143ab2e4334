#include "wal/wal_names.hpp"

#include "annals/core/error.hpp"

namespace annals::outbox {

bool WalNames::know(const std::vector<std::int64_t>& streams) {
  const auto now = clock_.steady();
  try {
    if (!streams.empty()) names_.require(streams);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::corrupt || now - waiting_since_.value_or(now) >= visible_within) throw;
    if (!waiting_since_) waiting_since_ = now;
    return false;
  }
  waiting_since_.reset();
  return true;
}

}  // namespace annals::outbox
