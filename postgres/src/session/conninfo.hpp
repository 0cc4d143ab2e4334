#pragma once
#include <libpq-fe.h>

#include <memory>
#include <string>

namespace annals::postgres {

struct FreeOptions {
  void operator()(PQconninfoOption* options) const noexcept { PQconninfoFree(options); }
};
using ConninfoOptions = std::unique_ptr<PQconninfoOption, FreeOptions>;

/// The options of a connection string; nothing for the empty one. Throws Error{invalid} when libpq cannot read it, and when
/// a part of a password may stand where libpq sees another part, and would print it: then nothing of it is quoted.
[[nodiscard]] ConninfoOptions parse_conninfo(const std::string& conninfo);

}  // namespace annals::postgres
