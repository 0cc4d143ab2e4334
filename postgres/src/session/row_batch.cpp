#include "annals/postgres/row_batch.hpp"

#include <libpq-fe.h>

#include <cstring>

#include "annals/core/assert.hpp"
#include "session/wire.hpp"

namespace annals::postgres {
namespace {

// The file header of COPY's binary form: an 11-byte signature, 4 bytes of flags, 4 bytes of extension length. libpq hands
// it over in front of the first row, in the same buffer.
constexpr std::string_view signature{"PGCOPY\n\377\r\n\0", 11};
constexpr std::size_t header_size = 19;

}  // namespace

std::string_view RowReader::fixed(std::size_t width) {
  const auto value = field();
  ANNALS_ASSERT(value.has_value() && value->size() == width);
  return *value;
}

std::optional<std::string_view> RowReader::field() {
  ANNALS_ASSERT(end_ - at_ >= 4);
  const auto length = wire::load<std::int32_t>(at_);
  at_ += 4;
  if (length < 0) return std::nullopt;
  ANNALS_ASSERT(end_ - at_ >= length);
  const std::string_view value{at_, static_cast<std::size_t>(length)};
  at_ += length;
  return value;
}

std::int64_t RowReader::bigint() { return wire::load<std::int64_t>(fixed(8).data()); }
std::int16_t RowReader::smallint() { return wire::load<std::int16_t>(fixed(2).data()); }
EventId RowReader::uuid() { return EventId::from_bytes(fixed(16).data()); }
Timestamp RowReader::timestamptz() { return timestamp_from_postgres(bigint()); }

std::optional<Timestamp> RowReader::optional_timestamptz() {
  const auto value = field();
  if (!value) return std::nullopt;
  ANNALS_ASSERT(value->size() == 8);
  return timestamp_from_postgres(wire::load<std::int64_t>(value->data()));
}

std::string_view RowReader::bytes() {
  const auto value = field();
  ANNALS_ASSERT(value.has_value());
  return *value;
}

std::string_view RowReader::optional_bytes(bool* is_null) {
  const auto value = field();
  if (is_null != nullptr) *is_null = !value;
  return value.value_or(std::string_view{});
}

void RowReader::pairs(std::vector<std::pair<std::string_view, std::string_view>>& out) {
  out.clear();
  const auto value = field();
  if (!value || value->size() < 20) return;                    // NULL, or an array without dimensions
  RowReader elements{value->data() + 20, value->size() - 20};  // past dimensions, flag, type, size, lower bound
  const auto count = wire::load<std::int32_t>(value->data() + 12);
  ANNALS_ASSERT(count % 2 == 0);
  for (std::int32_t i = 0; i < count; i += 2) {
    const auto name = elements.bytes();
    out.emplace_back(name, elements.bytes());
  }
}

void RowReader::pairs(std::vector<std::pair<std::string, std::string>>& out) {
  std::vector<std::pair<std::string_view, std::string_view>> views;
  pairs(views);
  out.assign(views.begin(), views.end());
}

RowBatch::~RowBatch() { clear(); }

RowBatch::RowBatch(RowBatch&& other) noexcept
    : rows_(std::move(other.rows_)),
      bytes_(std::exchange(other.bytes_, 0)),
      truncated_(std::exchange(other.truncated_, false)) {
  other.rows_.clear();
}

RowBatch& RowBatch::operator=(RowBatch&& other) noexcept {
  if (this != &other) {
    clear();
    rows_.swap(other.rows_);
    bytes_ = std::exchange(other.bytes_, 0);
    truncated_ = std::exchange(other.truncated_, false);
  }
  return *this;
}

void RowBatch::clear() noexcept {
  shrink(0);
  bytes_ = 0;
  truncated_ = false;
}

void RowBatch::shrink(std::size_t count) noexcept {
  while (rows_.size() > count) {
    bytes_ -= rows_.back().size;
    PQfreemem(rows_.back().buffer);
    rows_.pop_back();
  }
}

void RowBatch::add(char* libpq_buffer, int size) {
  const char* at = libpq_buffer;
  const char* end = libpq_buffer + size;
  if (std::string_view{at, static_cast<std::size_t>(size)}.starts_with(signature)) at += header_size;
  if (end - at <= 2) {  // the trailer, a column count of -1, or a header alone
    PQfreemem(libpq_buffer);
    return;
  }
  at += 2;
  rows_.push_back({libpq_buffer, at, static_cast<std::size_t>(end - at)});
  bytes_ += rows_.back().size;
}

}  // namespace annals::postgres
