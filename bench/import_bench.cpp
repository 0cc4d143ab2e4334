// `annals events import` of a file of JSON Lines, the program's whole run, against one COPY BINARY of the same rows from memory
// into a table with a primary key and a unique key. long, short: history.hpp.
#include <fmt/format.h>
#include <libpq-fe.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>

#include "annals/core/error.hpp"
#include "annals/postgres/connection.hpp"
#include "benches.hpp"
#include "history.hpp"
#include "support/temp_database.hpp"

namespace annals::bench {
namespace {

using Session = std::unique_ptr<PGconn, decltype([](PGconn* connection) { PQfinish(connection); })>;

constexpr const char* columns =
    "position, stream_id, version, recorded_at, occurred_at, event_id, content_type, type, data, correlation_id,"
    " causation_id, traceparent, tracestate, headers";

void run_annals(const postgres::Database& database, const std::string& arguments) {
  const auto command = fmt::format("{} --database '{}' {} >/dev/null", ANNALS_PROGRAM, database.conninfo, arguments);
  if (std::system(command.c_str()) != 0) throw Error{ErrorKind::failed, command};
}

/// The log as COPY's binary form, and as a file of JSON Lines.
class Log {
 public:
  explicit Log(const History& history) {
    const tests::TempDatabase temp;
    write_history(temp.superuser(), history);
    run_annals(temp.superuser(), "events export --output " + file());
    const Session session{PQconnectdb(temp.superuser().conninfo.c_str())};
    PQclear(PQexec(session.get(), fmt::format("COPY (SELECT {} FROM annals.events ORDER BY position) TO STDOUT"
                                              " (FORMAT binary)",
                                              columns)
                                      .c_str()));
    char* row = nullptr;
    for (int size = 0; (size = PQgetCopyData(session.get(), &row, 0)) > 0; PQfreemem(row)) {
      rows_.append(row, static_cast<std::size_t>(size));
    }
  }
  ~Log() { std::filesystem::remove(file()); }
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;
  [[nodiscard]] std::string file() const {
    return std::filesystem::temp_directory_path() / fmt::format("annals-bench-{}.jsonl", ::getpid());
  }
  [[nodiscard]] const std::string& rows() const noexcept { return rows_; }

 private:
  std::string rows_;
};

double import_file(const Log& log, long long events) {
  const tests::TempDatabase temp;
  const Stopwatch watch;
  run_annals(temp.as("writer"), "events import " + log.file());
  const double seconds = watch.seconds();
  postgres::Connection connection{temp.superuser()};
  if (connection.query("SELECT count(*) FROM annals.events").bigint(0, 0) != events) {
    throw Error{ErrorKind::corrupt, "the import did not write every event"};
  }
  return static_cast<double>(events) / seconds;
}

double copy_in(const Log& log, long long events) {
  const tests::TempDatabase temp;
  const Session session{PQconnectdb(temp.superuser().conninfo.c_str())};
  PQclear(PQexec(session.get(),
                 "CREATE TABLE public.raw (position bigint PRIMARY KEY, stream_id bigint, version bigint, recorded_at"
                 " timestamptz, occurred_at timestamptz, event_id uuid, content_type smallint, type text, data bytea,"
                 " correlation_id text, causation_id text, traceparent text, tracestate text, headers text[],"
                 " UNIQUE (stream_id, version))"));
  const Stopwatch watch;
  PQclear(PQexec(session.get(), "COPY public.raw FROM STDIN (FORMAT binary)"));
  constexpr std::size_t block = 64U << 10U;
  for (std::size_t at = 0; at < log.rows().size(); at += block) {
    PQputCopyData(session.get(), log.rows().data() + at, static_cast<int>(std::min(block, log.rows().size() - at)));
  }
  PQputCopyEnd(session.get(), nullptr);
  const std::unique_ptr<PGresult, decltype([](PGresult* result) { PQclear(result); })> end{PQgetResult(session.get())};
  const double seconds = watch.seconds();
  if (std::atoll(PQcmdTuples(end.get())) != events) throw Error{ErrorKind::failed, PQerrorMessage(session.get())};
  return static_cast<double>(events) / seconds;
}

void bench_streams(const BenchOptions& options, const NamedHistory& named, std::vector<Measurement>& results) {
  const auto& history = named.history;
  const auto name = "import/" + named.name;
  if (!options.wants(name)) return;
  const Log log{history};
  results.push_back(measure({.name = name,
                             .unit = "events/s",
                             .value = [&] { return import_file(log, history.events); },
                             .floor = [&] { return copy_in(log, history.events); }},
                            options.rounds));
}

}  // namespace

std::vector<Measurement> bench_import(const BenchOptions& options) {
  std::vector<Measurement> results;
  for (const auto& named : both_lengths(options.events)) bench_streams(options, named, results);
  return results;
}

}  // namespace annals::bench
