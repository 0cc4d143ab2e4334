#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "annals/core/event_id.hpp"
#include "annals/core/timestamp.hpp"
#include "annals/postgres/pqxx_compat.hpp"
#include "annals/postgres/result.hpp"
#include "annals/postgres/row_batch.hpp"

/// The fields of one row from left to right, in the three forms that rows come in. All three read the same columns, so
/// decode.hpp is written once over them. What cannot be is Error{corrupt}, never the end of the process: rows may have been
/// written by anybody.
namespace annals::eventstore::columns {

using HeaderPairs = std::vector<std::pair<std::string, std::string>>;

/// Eight bytes as PostgreSQL sends a timestamptz; throws Error{corrupt} outside the years 1 to 9999.
[[nodiscard]] Timestamp time_of(std::string_view wire);

/// A row of COPY: what replays read. No copies but into the event.
class CopyFields {
 public:
  explicit CopyFields(postgres::RowReader& row) : row_(row) {}
  [[nodiscard]] std::int64_t bigint() { return row_.bigint(); }
  [[nodiscard]] std::int16_t smallint() { return row_.smallint(); }
  [[nodiscard]] EventId uuid() { return row_.uuid(); }
  [[nodiscard]] std::string_view text() { return row_.bytes(); }
  [[nodiscard]] std::string_view optional_text() { return row_.optional_bytes(); }
  [[nodiscard]] std::string_view bytea() { return row_.bytes(); }
  [[nodiscard]] Timestamp time() { return time_of(row_.bytes()); }
  [[nodiscard]] std::optional<Timestamp> optional_time();
  void headers(HeaderPairs& out) { row_.pairs(out); }

 private:
  postgres::RowReader& row_;
};

/// A row of libpq's binary results, Form::binary.
class BinaryFields {
 public:
  BinaryFields(const postgres::Result& result, int row) : result_(result), row_(row) {}
  [[nodiscard]] std::int64_t bigint() { return result_.bigint(row_, next_++); }
  [[nodiscard]] std::int16_t smallint() { return result_.smallint(row_, next_++); }
  [[nodiscard]] EventId uuid() { return result_.uuid(row_, next_++); }
  [[nodiscard]] std::string_view text() { return result_.bytes(row_, next_++); }
  [[nodiscard]] std::string_view optional_text() { return result_.bytes(row_, next_++); }
  [[nodiscard]] std::string_view bytea() { return result_.bytes(row_, next_++); }
  [[nodiscard]] Timestamp time() { return time_of(result_.bytes(row_, next_++)); }
  [[nodiscard]] std::optional<Timestamp> optional_time();
  void headers(HeaderPairs& out);

 private:
  const postgres::Result& result_;
  int row_;
  int next_ = 0;
};

/// A row of libpqxx, Form::text.
class TextFields {
 public:
  TextFields(const pqxx::result& result, int row) : result_(result), row_(static_cast<pqxx::result::size_type>(row)) {}
  [[nodiscard]] std::int64_t bigint();
  [[nodiscard]] std::int16_t smallint() { return static_cast<std::int16_t>(bigint()); }
  [[nodiscard]] EventId uuid();
  [[nodiscard]] std::string_view text() { return view(next_++); }
  [[nodiscard]] std::string_view optional_text() { return view(next_++); }
  [[nodiscard]] std::string bytea();
  [[nodiscard]] Timestamp time() { return time_of(bytea()); }
  [[nodiscard]] std::optional<Timestamp> optional_time();
  void headers(HeaderPairs& out);

 private:
  [[nodiscard]] pqxx::field field(int column) const { return result_[row_][static_cast<pqxx::row::size_type>(column)]; }
  [[nodiscard]] std::string_view view(int column) const {
    const auto value = field(column);
    return {value.c_str(), value.size()};
  }
  const pqxx::result& result_;
  pqxx::result::size_type row_;
  int next_ = 0;
};

}  // namespace annals::eventstore::columns
