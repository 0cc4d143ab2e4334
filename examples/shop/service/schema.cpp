#include "service/schema.hpp"

#include <fmt/format.h>

#include "annals/eventstore/schema.hpp"
#include "annals/outbox/schema.hpp"
#include "annals/projections/schema.hpp"

namespace shop {

using annals::postgres::MigrationSet;

void create_schema(const annals::postgres::Database& database, std::vector<MigrationSet> own) {
  std::vector<MigrationSet> sets{annals::eventstore::schema(), annals::outbox::schema(), annals::projections::schema()};
  for (auto& set : own) sets.push_back(std::move(set));
  const auto steps = annals::postgres::Migrator{database, std::move(sets)}.apply();
  for (const auto& step : steps) fmt::print("applied {} {:03} {}\n", step.module, step.number, step.name);
  if (steps.empty()) fmt::print("the schema is up to date\n");
}

}  // namespace shop
