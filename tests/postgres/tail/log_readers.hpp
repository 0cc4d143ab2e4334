#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "annals/postgres/connection.hpp"

namespace annals::tests {

struct LogRow {
  std::int64_t position;
  std::string stream;
  std::int64_t version;
  bool operator==(const LogRow&) const = default;
};

/// A way to follow a log, as relays and projections do it. poll() appends what is new by its own bookmark.
class LogReader {
 public:
  LogReader() = default;
  LogReader(const LogReader&) = delete;
  LogReader& operator=(const LogReader&) = delete;
  virtual ~LogReader() = default;
  virtual void poll(std::vector<LogRow>& delivered) = 0;
};

/// Ours, and three that are in wide use and wrong; they are the negative control of every check here.
enum class ReaderKind {
  ordered_tail,
  last_position,           ///< WHERE position > last
  position_below_horizon,  ///< the same, AND xid < pg_snapshot_xmin(pg_current_snapshot())
  xid_order,               ///< ORDER BY (xid, position) below that horizon
};

/// The logs that are followed: a table of nothing but what is needed, public.log, and the two real ones.
enum class LogKind { plain, events, outbox };

[[nodiscard]] std::string to_string(ReaderKind kind);
[[nodiscard]] std::string to_string(LogKind log);
/// Those by transaction id know the plain log only.
[[nodiscard]] std::unique_ptr<LogReader> make_reader(ReaderKind kind, const postgres::Database& database,
                                                     LogKind log = LogKind::plain);
/// A statement that appends a row as a writer of the log does.
[[nodiscard]] std::string insert_sql(LogKind log, const std::string& stream, int version);
/// "schema.table"
[[nodiscard]] std::string relation(LogKind log);

/// Creates public.log; its xid column is only for the wrong readers.
void create_log(const postgres::Database& database);

/// What a reader got wrong.
struct Verdict {
  std::size_t lost = 0;
  std::size_t invented = 0;
  std::size_t duplicated = 0;
  std::size_t inverted = 0;  ///< a stream's version after a higher one of the same stream
  [[nodiscard]] bool exact() const noexcept { return lost + invented + duplicated + inverted == 0; }
};
[[nodiscard]] Verdict judge(const std::vector<LogRow>& committed, const std::vector<LogRow>& delivered);
[[nodiscard]] std::vector<LogRow> committed_rows(const postgres::Database& database, LogKind log = LogKind::plain);

}  // namespace annals::tests
