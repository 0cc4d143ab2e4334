#include "session/conninfo.hpp"

#include <fmt/format.h>

#include "annals/core/error.hpp"

namespace annals::postgres {
namespace {

constexpr auto form_hint =
    "use postgresql://user@host:port/database or host=… dbname=…; in a URI write @ : / ? % of a name or password as "
    "%40 %3A %2F %3F %25";

/// What is said when a part of a password may stand where libpq sees another part: nothing of it is repeated.
Error not_understood(std::string_view reason) {
  return invalid(fmt::format("the database's connection string is not understood: {}", reason), form_hint);
}

/// What libpq says of a conninfo it cannot read; only where that cannot repeat a part of a password.
std::string reason_of(std::string_view conninfo, std::string_view message) {
  const bool names_an_option = message.find("connection option") != std::string_view::npos ||
                               message.find("query parameter") != std::string_view::npos;
  const bool may_hold_a_password =
      conninfo.find('@') != std::string_view::npos || conninfo.find("pass") != std::string_view::npos;
  if (!names_an_option || may_hold_a_password) return "it is neither a URI nor key=value pairs that libpq knows";
  return std::string{message.substr(0, message.find_last_not_of('\n') + 1)};
}

/// Of what we print: a port that is no number, or a database that is a URI, is a password in the wrong place.
void require_plausible(const PQconninfoOption& option) {
  if (option.val == nullptr) return;
  const std::string_view keyword = option.keyword;
  const std::string_view value = option.val;
  if (keyword == "port" && value.find_first_not_of("0123456789, ") != std::string_view::npos) {
    throw not_understood("its port is no number");
  }
  if (keyword == "dbname" && value.find("://") != std::string_view::npos) {
    throw not_understood("its dbname is itself a URI");
  }
}

/// When a URI has a second `@`, or one after its first `/`, `?` or `#`, a part of the password is a part of the host for
/// libpq, which prints it in its messages.
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

}  // namespace

ConninfoOptions parse_conninfo(const std::string& conninfo) {
  require_unambiguous(conninfo);
  char* message = nullptr;
  ConninfoOptions options{PQconninfoParse(conninfo.c_str(), &message)};
  const std::string reason = message == nullptr ? "" : message;
  PQfreemem(message);
  if (!options && !conninfo.empty()) throw not_understood(reason_of(conninfo, reason));
  for (auto* option = options.get(); option != nullptr && option->keyword != nullptr; ++option) {
    require_plausible(*option);
  }
  return options;
}

}  // namespace annals::postgres
