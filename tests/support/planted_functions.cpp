#include "support/planted_functions.hpp"

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <vector>

#include "annals/core/event_id.hpp"
#include "annals/postgres/connection.hpp"

namespace annals::tests {
namespace {

struct Planted {
  std::string_view name;
  std::string arguments;
  std::string_view returns;
};

std::vector<Planted> functions() {
  std::vector<Planted> list{{"clock_timestamp", "", "timestamptz"},
                            {"current_database", "", "name"},
                            {"octet_length", "text", "int"},
                            {"octet_length", "bytea", "int"},
                            {"pg_notify", "text, text", "void"},
                            {"pg_try_advisory_xact_lock_shared", "bigint", "bool"},
                            {"pg_try_advisory_lock", "bigint", "bool"},
                            {"pg_advisory_unlock", "bigint", "bool"},
                            {"to_regclass", "text", "regclass"},
                            {"max", "bigint", "bigint"}};
  for (const std::string_view type : {"text", "uuid", "bigint", "int", "bytea", "smallint"}) {
    const auto array = fmt::format("{}[]", type);
    list.push_back({"unnest", array, "text"});
    list.push_back({"cardinality", array, "int"});
    list.push_back({"array_ndims", array, "int"});
    list.push_back({"array_lower", array + ", int", "int"});
    list.push_back({"array_length", array + ", int", "int"});
    list.push_back({"array_position", fmt::format("{}, {}", array, type), "int"});
    list.push_back({"array_agg", std::string{type}, "text[]"});
    list.push_back({"count", std::string{type}, "bigint"});
  }
  return list;
}

}  // namespace

void plant_functions(const postgres::Database& database) {
  auto role = "planter_" + EventId::generate().to_string();
  for (auto& c : role) {
    if (c == '-') c = '_';
  }
  postgres::Connection connection{database};
  connection.execute(fmt::format("CREATE ROLE {0}; GRANT CREATE ON SCHEMA public TO {0}; SET ROLE {0}", role));
  for (const auto& [name, arguments, returns] : functions()) {
    connection.execute(
        fmt::format("CREATE FUNCTION public.{0}({1}) RETURNS {2} LANGUAGE plpgsql AS"
                    " $$ BEGIN RAISE EXCEPTION 'planted: {0}'; END $$",
                    name, arguments, returns));
  }
  // The functions outlive their maker, who would otherwise outlive the database.
  connection.execute(
      fmt::format("RESET ROLE; REASSIGN OWNED BY {0} TO current_user; DROP OWNED BY {0}; DROP ROLE {0}", role));
}

}  // namespace annals::tests
