#pragma once
#include <memory>
#include <string>
#include <vector>

#include "annals/postgres/connection.hpp"
#include "annals/postgres/database.hpp"
#include "cli/screen/output.hpp"
#include "cli/screen/report.hpp"
#include "host/process/exit_code.hpp"

namespace annals::relayd {
struct Config;
}

namespace annals::cli {

/// One of the databases of annals-relay's configuration.
struct NamedDatabase {
  std::string name;  ///< empty: the configuration has only this one
  postgres::Database database;
  std::shared_ptr<const relayd::Config> relay_config = {};  ///< annals-relay's for it, when that was given
  std::string command_options = {};  ///< that commands which are offered need for it: see host::with_options()
};

/// What every command is given: where the database is, and how and where to print.
struct Invocation {
  postgres::Database database;
  std::vector<NamedDatabase>
      databases;  ///< all that are meant, of which `database` is the first; one, for most commands
  std::shared_ptr<const relayd::Config>
      relay_config;             ///< annals-relay's for `database`, when it was given; shared: not known here
  std::string command_options;  ///< of `database`
  Format format = Format::table;
  Output output;
};

/// A connection to a database that has the event store's tables; throws Failure{unavailable} when they are missing.
[[nodiscard]] postgres::Connection connect_ready(const postgres::Database& database);

}  // namespace annals::cli
