#pragma once
#include <functional>
#include <string>

#include "cli/failure.hpp"
#include "cli/invocation.hpp"
#include "cli/screen/report.hpp"

namespace annals::cli {

/// Which database a command is for, as the command line and the environment say.
struct DatabaseChoice {
  std::string database;     ///< connection string, or the name of one of the configuration's
  std::string config_file;  ///< annals-relay's; empty: none
  std::string schema = "annals";
};

/// Puts the database, or all that are meant, into the invocation. Throws Failure{usage} for a configuration that is not good, and for a name
/// that it has not.
void choose_databases(const DatabaseChoice& choice, Invocation& invocation);

/// That one is to be chosen, since there are several.
[[nodiscard]] Failure which_database(const Invocation& invocation);

/// Fills a report, which has a column with the database's name when it has one, from each database. One that cannot be asked is said on
/// standard error and does not keep the others from being shown; the exit code is then the worst.
using Show = std::function<void(Report& report, const NamedDatabase& of)>;
[[nodiscard]] host::ExitCode report_each(Invocation& invocation, std::vector<ReportColumn> columns, const Show& show);
/// The row with the database's name before it, when it has one.
void add_row(Report& report, const NamedDatabase& of, std::vector<Cell> cells);

}  // namespace annals::cli
