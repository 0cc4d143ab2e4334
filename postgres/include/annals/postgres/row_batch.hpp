#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "annals/core/event_id.hpp"
#include "annals/core/timestamp.hpp"

struct pg_result;

namespace annals::postgres {

/// Reads the fields of one row in COPY's binary form, from left to right, without copying. A view: the RowBatch that it
/// came from must outlive it and all string_views taken from it.
///
/// Errors         Error{corrupt} when the row is not what is asked for; it names the origin, the field by its number and,
///                as rows of a log begin with it, the position.
class RowReader {
 public:
  RowReader(const char* data, std::size_t size, std::string_view origin = {}) noexcept
      : begin_(data), at_(data), end_(data + size), origin_(origin) {}

  [[nodiscard]] std::int64_t bigint();
  [[nodiscard]] std::int16_t smallint();
  [[nodiscard]] EventId uuid();
  [[nodiscard]] Timestamp timestamptz();
  [[nodiscard]] std::optional<Timestamp> optional_timestamptz();
  [[nodiscard]] std::string_view bytes();                                  ///< text, bytea; must not be NULL
  [[nodiscard]] std::string_view optional_bytes(bool* is_null = nullptr);  ///< empty for NULL
  /// A text[] of name, value, name, value …; appends to `out`, which is cleared first. NULL gives none.
  void pairs(std::vector<std::pair<std::string, std::string>>& out);
  /// The same without copying.
  void pairs(std::vector<std::pair<std::string_view, std::string_view>>& out);

 private:
  [[nodiscard]] std::optional<std::string_view> field();
  [[nodiscard]] std::string_view fixed(std::size_t width);
  [[noreturn]] void fail(std::string_view what) const;
  const char* begin_;
  const char* at_;
  const char* end_;
  std::string_view origin_;
  int number_ = 0;  // of the field read last
};

/// Rows of one COPY … TO STDOUT (FORMAT binary), each in the buffer that libpq received it in, or of one SELECT in the same
/// form. Movable, reusable: clear() keeps its tables. Not thread-safe.
class RowBatch {
 public:
  RowBatch() = default;
  ~RowBatch();
  RowBatch(RowBatch&&) noexcept;
  RowBatch& operator=(RowBatch&&) noexcept;
  RowBatch(const RowBatch&) = delete;
  RowBatch& operator=(const RowBatch&) = delete;

  [[nodiscard]] std::size_t size() const noexcept { return rows_.size(); }
  [[nodiscard]] bool empty() const noexcept { return rows_.empty(); }
  [[nodiscard]] std::size_t byte_size() const noexcept { return bytes_; }
  /// True when rows were left out because of the byte limit.
  [[nodiscard]] bool truncated() const noexcept { return truncated_; }
  [[nodiscard]] RowReader row(std::size_t index) const noexcept {
    return {rows_[index].fields, rows_[index].size, origin_};
  }

  /// Names the table in errors about its rows.
  void set_origin(std::string_view table) { origin_ = table; }

  void clear() noexcept;
  /// Drops all rows from `count` on.
  void shrink(std::size_t count) noexcept;
  /// Takes a buffer from PQgetCopyData, owned from now on; header and trailer are recognised and dropped.
  void add(char* libpq_buffer, int size);
  /// Copies the one row of a result in binary form.
  void add(const pg_result& row);
  void mark_truncated() noexcept { truncated_ = true; }

 private:
  struct Row {
    char* buffer;        // from malloc(), as libpq's own are: freed with PQfreemem
    const char* fields;  // first field, past the column count
    std::size_t size;
  };
  std::vector<Row> rows_;
  std::string origin_;
  std::size_t bytes_ = 0;
  bool truncated_ = false;
};

}  // namespace annals::postgres
