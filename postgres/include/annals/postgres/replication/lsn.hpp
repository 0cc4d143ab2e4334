#pragma once
#include <compare>
#include <cstdint>
#include <string>

namespace annals::postgres {

class Connection;

/// A place in the write-ahead log, in bytes from its beginning: PostgreSQL's pg_lsn. 0 is none.
struct Lsn {
  std::uint64_t value = 0;

  auto operator<=>(const Lsn&) const = default;  // NOLINT(modernize-use-nullptr): clang-tidy 14 sees a 0 in it
};

/// As PostgreSQL writes it: "16/B374D848".
[[nodiscard]] std::string to_string(Lsn lsn);

/// Every commit that anybody was told of stands before it.
[[nodiscard]] Lsn log_written(Connection& connection);

}  // namespace annals::postgres
