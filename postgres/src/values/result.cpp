#include "annals/postgres/result.hpp"

#include <fmt/format.h>
#include <libpq-fe.h>

#include <cstdlib>

#include "annals/postgres/error.hpp"
#include "values/wire.hpp"

namespace annals::postgres {
void Result::Clear::operator()(pg_result* result) const noexcept { PQclear(result); }

Result::Result(pg_result* owned) noexcept : result_(owned) {}
Result::Result(Result&&) noexcept = default;
Result& Result::operator=(Result&&) noexcept = default;
Result::~Result() = default;

int Result::rows() const noexcept { return PQntuples(result_.get()); }

bool Result::is_null(int row, int column) const noexcept { return PQgetisnull(result_.get(), row, column) != 0; }

std::string_view Result::bytes(int row, int column) const noexcept {
  return {PQgetvalue(result_.get(), row, column), static_cast<std::size_t>(PQgetlength(result_.get(), row, column))};
}

std::string_view Result::fixed(int row, int column, std::size_t width) const {
  const auto value = bytes(row, column);
  if (!is_null(row, column) && value.size() == width) return value;
  const char* name = PQfname(result_.get(), column);
  throw corrupt_data(
      fmt::format("column \"{}\" (number {}) of row {}", name == nullptr ? "?" : name, column + 1, row + 1),
      is_null(row, column) ? "is NULL" : fmt::format("has {} bytes, not {}", value.size(), width));
}

std::int64_t Result::bigint(int row, int column) const {
  return wire::load<std::int64_t>(fixed(row, column, 8).data());
}
std::int32_t Result::integer(int row, int column) const {
  return wire::load<std::int32_t>(fixed(row, column, 4).data());
}
std::int16_t Result::smallint(int row, int column) const {
  return wire::load<std::int16_t>(fixed(row, column, 2).data());
}
bool Result::boolean(int row, int column) const { return fixed(row, column, 1)[0] != '\0'; }
EventId Result::uuid(int row, int column) const { return EventId::from_bytes(fixed(row, column, 16).data()); }

Timestamp Result::timestamptz(int row, int column) const {
  const auto time = wire::load_timestamptz(fixed(row, column, 8).data());
  if (!time)
    throw corrupt_data(fmt::format("column \"{}\"", PQfname(result_.get(), column)), "the time is out of range");
  return *time;
}

std::int64_t Result::affected() const noexcept { return std::strtoll(PQcmdTuples(result_.get()), nullptr, 10); }

}  // namespace annals::postgres
