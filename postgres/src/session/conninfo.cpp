#include "session/conninfo.hpp"

#include "annals/core/error.hpp"

namespace annals::postgres {

void require_unambiguous(std::string_view conninfo) {
  if (!conninfo.starts_with("postgresql://") && !conninfo.starts_with("postgres://")) return;
  conninfo.remove_prefix(conninfo.find("://") + 3);
  const auto last = conninfo.rfind('@');
  if (last == std::string_view::npos) return;
  if (conninfo.find_first_of("@/?#") == last) return;
  throw invalid(
      "the database's URI has an @ where none may be: a user name or password is not escaped",
      "write @ as %40, / as %2F, ? as %3F, # as %23 and : as %3A in it, or give user and password as keywords");
}

}  // namespace annals::postgres
