#pragma once
#include "annals/postgres/connection.hpp"
#include "annals/postgres/log_table.hpp"

namespace annals::tests {

/// A log public.log whose rows ring as those of Annals' own tables do.
void create_ringing_log(postgres::Connection& connection);
[[nodiscard]] postgres::LogTable ringing_log();

/// An append by plain INSERT, as any writer in any language makes it.
inline constexpr const char* plain_insert = "INSERT INTO public.log DEFAULT VALUES";

}  // namespace annals::tests
