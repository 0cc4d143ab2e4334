#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "annals/postgres/log_table.hpp"
#include "annals/postgres/row_batch.hpp"

namespace annals::postgres {

class Connection;

/// Which rows of a log a reader wants: a condition of the table's own SQL, with one list of texts as its value.
///
/// The condition is part of an embedded statement, never made from input; it reads the value as
/// `pg_catalog.current_setting('annals.filter')::text[]`, because COPY takes no parameters.
struct RowFilter {
  std::string condition;            ///< "e.type = ANY (pg_catalog.current_setting('annals.filter')::text[])"
  std::vector<std::string> values;  ///< what it compares with
};

/// Reads ranges of a log table in position order: rows that exist, whatever is still open beside them. What is final is
/// for somebody else to know (HorizonProver); at or below a proven horizon a range is complete, and may be read with any
/// filter, from any session, several at once, also on a replica.
///
/// Lifecycle      construct on an open connection -> read() as often as you like; keeps no rows.
/// Thread safety  none: one thread, one connection.
/// Ownership      borrows the connection, which must outlive it.
/// Errors         annals::Error {disconnected, failed}; Error{corrupt} when rows come out of order.
/// Limits         rows_max and bytes_max a read; a single row may exceed bytes_max. The first read asks for few rows and
///                each next one for at most twice as many, so that a change from small rows to large ones is not paid for
///                with a read of everything.
class RangeReader {
 public:
  struct Options {
    std::size_t rows_max = 20'000;      ///< rows a read; more costs memory, less costs round trips
    std::size_t bytes_max = 4U << 20U;  ///< bytes a read, before PostgreSQL's row overhead
  };
  struct Range {
    std::int64_t after = 0;                               ///< exclusive
    std::optional<std::int64_t> up_to = std::nullopt;     ///< inclusive; nothing: to the end
    std::size_t rows_max = static_cast<std::size_t>(-1);  ///< beside the options' own
  };

  RangeReader(Connection& connection, LogTable table, Options options);

  /// Reads only what the filter lets through from now on.
  void set_filter(const RowFilter& filter);
  /// Fills `batch` with the rows of the range, in position order. True when there may be more of them: a limit was
  /// reached.
  bool read(const Range& range, RowBatch& batch);
  struct Span {
    std::int64_t first = 0;  ///< both inclusive
    std::int64_t last = 0;
  };
  /// The same of all the spans at once, by one statement: they are sorted and do not meet. Costs the server a look for each of them.
  bool read_within(std::span<const Span> spans, RowBatch& batch);
  [[nodiscard]] const LogTable& table() const noexcept { return table_; }

 private:
  void select(const Range& range, std::size_t rows, RowBatch& batch);
  void copy(const Range& range, std::size_t rows, RowBatch& batch);
  void prepare_for(std::string condition);
  void adapt(const RowBatch& batch, std::size_t asked) noexcept;

  Connection& connection_;
  LogTable table_;
  Options options_;
  std::string condition_;  // of the filter: " AND …"
  /// As it is prepared: the name goes with the text, so readers of one session that read alike share it.
  struct Statement {
    std::string sql;
    std::string name;
  };
  Statement few_;
  Statement within_;
  std::size_t rows_next_;
  std::size_t found_last_ = 0;
};

}  // namespace annals::postgres
