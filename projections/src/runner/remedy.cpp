#include "runner/remedy.hpp"

#include <fmt/format.h>

#include "annals/core/text.hpp"
#include "annals/postgres/database.hpp"

namespace annals::projections {
namespace {

std::string schema_option(const ProjectionKey& key) {
  require_identifier("projection name", key.name);
  require_identifier("schema", key.schema);
  return postgres::schema_option(key.schema);
}

}  // namespace

std::string adopt_or_rebuild(const ProjectionKey& key) {
  const auto schema = schema_option(key);
  return fmt::format(
      "if the whole database was upgraded or restored, read model and all: `annals projection adopt {0} "
      "--projection-version {1}{2} --yes`. If not, connect to the right one, or rebuild the read model from this log: "
      "`annals projection reset {0} --projection-version {1}{2} --yes`",
      key.name, key.version, schema);
}

std::string rebuild_or_place(const ProjectionKey& key) {
  const auto schema = schema_option(key);
  return fmt::format(
      "find out which history is the right one; then rebuild the read model from this log: `annals projection reset "
      "{0} "
      "--projection-version {1}{2} --yes`. If you know up to which position the read model holds the events, and no "
      "further: `annals projection adopt {0} --projection-version {1}{2} --position POSITION --yes`",
      key.name, key.version, schema);
}

}  // namespace annals::projections
