#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "annals/core/event_id.hpp"
#include "annals/core/timestamp.hpp"

struct pg_result;

namespace annals::postgres {

/// Rows of one statement in binary form; owns them. const methods are thread-safe.
///
/// Errors         Error{corrupt}, with the column's name, when a value is NULL or has not the width of the type asked for.
class Result {
 public:
  explicit Result(pg_result* owned) noexcept;
  Result(Result&&) noexcept;
  Result& operator=(Result&&) noexcept;
  Result(const Result&) = delete;
  Result& operator=(const Result&) = delete;
  ~Result();

  [[nodiscard]] int rows() const noexcept;
  [[nodiscard]] bool empty() const noexcept { return rows() == 0; }
  [[nodiscard]] bool is_null(int row, int column) const noexcept;
  [[nodiscard]] std::string_view bytes(int row, int column) const noexcept;  ///< text, bytea; empty for NULL
  [[nodiscard]] std::string text(int row, int column) const { return std::string{bytes(row, column)}; }
  [[nodiscard]] std::int64_t bigint(int row, int column) const;
  [[nodiscard]] std::int32_t integer(int row, int column) const;
  [[nodiscard]] std::int16_t smallint(int row, int column) const;
  [[nodiscard]] bool boolean(int row, int column) const;
  [[nodiscard]] EventId uuid(int row, int column) const;
  [[nodiscard]] Timestamp timestamptz(int row, int column) const;
  /// Rows that an INSERT, UPDATE or DELETE touched.
  [[nodiscard]] std::int64_t affected() const noexcept;

 private:
  struct Clear {
    void operator()(pg_result* result) const noexcept;
  };
  [[nodiscard]] std::string_view fixed(int row, int column, std::size_t width) const;
  std::unique_ptr<pg_result, Clear> result_;
};

}  // namespace annals::postgres
