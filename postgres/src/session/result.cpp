#include "annals/postgres/result.hpp"

#include <libpq-fe.h>

#include <cstdlib>

#include "annals/core/assert.hpp"
#include "session/wire.hpp"

namespace annals::postgres {
namespace {

template <class Int>
Int integer_at(std::string_view bytes) {
  ANNALS_ASSERT(bytes.size() == sizeof(Int));
  return wire::load<Int>(bytes.data());
}

}  // namespace

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

std::int64_t Result::bigint(int row, int column) const { return integer_at<std::int64_t>(bytes(row, column)); }
std::int32_t Result::integer(int row, int column) const { return integer_at<std::int32_t>(bytes(row, column)); }
std::int16_t Result::smallint(int row, int column) const { return integer_at<std::int16_t>(bytes(row, column)); }

bool Result::boolean(int row, int column) const {
  const auto value = bytes(row, column);
  ANNALS_ASSERT(value.size() == 1);
  return value[0] != '\0';
}

EventId Result::uuid(int row, int column) const {
  const auto value = bytes(row, column);
  ANNALS_ASSERT(value.size() == 16);
  return EventId::from_bytes(value.data());
}

Timestamp Result::timestamptz(int row, int column) const { return timestamp_from_postgres(bigint(row, column)); }

std::int64_t Result::affected() const noexcept { return std::strtoll(PQcmdTuples(result_.get()), nullptr, 10); }

}  // namespace annals::postgres
