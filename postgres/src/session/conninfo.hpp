#pragma once
#include <string>
#include <string_view>

namespace annals::postgres {

/// Throws Error{invalid}, without quoting any of it, when a URI has a second `@`, or one after its first `/`, `?` or `#`:
/// then a part of the password is a part of the host for libpq, which prints it in its messages. Anything else passes.
void require_unambiguous(std::string_view conninfo);

}  // namespace annals::postgres
