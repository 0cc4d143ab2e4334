#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "annals/postgres/log_table.hpp"
#include "annals/postgres/row_batch.hpp"
#include "annals/postgres/tail/range_reader.hpp"

namespace annals::postgres {
class Connection;
}

namespace annals::outbox {

/// Reads a log's table as one shard sees it: its own rows, and where there are those of others, which are no holes.
///
/// Thread safety  none. Ownership: borrows the connection.
/// Errors         those of RangeReader. Limits: those of RangeReader for the own rows, and its number of rows for all.
class ShardView {
 public:
  using Span = postgres::RangeReader::Span;

  struct Found {
    postgres::RowBatch rows;
    std::vector<std::int64_t> others;  ///< positions, in their order

    [[nodiscard]] bool empty() const noexcept { return rows.empty() && others.empty(); }
    /// Requires that it is not empty.
    [[nodiscard]] std::int64_t first() const;
    /// The last position of those that make, from the first one on, at most `room` ranges above `before`; `before` when none does.
    [[nodiscard]] std::int64_t fitting(std::int64_t before, std::size_t room) const;
    /// Forgets what is above. True when something was.
    bool cut(std::int64_t last);
    void clear();
  };

  /// Without a filter every row is its own.
  ShardView(postgres::Connection& connection, const postgres::LogTable& table, postgres::RangeReader::Options limits,
            const std::optional<postgres::RowFilter>& filter);

  /// What is behind `after`. True when there may be more.
  bool read(std::int64_t after, Found& found);
  /// What is in the spans, which are sorted and do not meet. True when there may be more.
  bool read_within(std::span<const Span> spans, Found& found);

 private:
  [[nodiscard]] bool join(bool more_rows, bool more_seen, Found& found);

  postgres::RangeReader rows_;
  std::optional<postgres::RangeReader> all_;
  postgres::RowBatch seen_;
};

}  // namespace annals::outbox
