#include "annals/postgres/row_batch.hpp"

#include <fmt/format.h>
#include <libpq-fe.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>

#include "annals/postgres/error.hpp"
#include "values/wire.hpp"

namespace annals::postgres {
namespace {

// libpq hands the header over in front of the first row, in the same buffer.
constexpr int header_size = static_cast<int>(wire::copy_signature.size()) + 8;

}  // namespace

void RowReader::fail(std::string_view what) const {
  const auto table = origin_.empty() ? "a row" : fmt::format("a row of {}", origin_);
  const bool has_position = number_ > 1 && end_ - begin_ >= 12 && wire::load<std::int32_t>(begin_) == 8;
  const auto position = has_position ? fmt::format(" at position {}", wire::load<std::int64_t>(begin_ + 4)) : "";
  throw corrupt_data(fmt::format("field {} of {}{}", number_, table, position), what);
}

std::optional<std::string_view> RowReader::field() {
  ++number_;
  if (end_ - at_ < 4) fail("the row ends before it");
  const auto length = wire::load<std::int32_t>(at_);
  at_ += 4;
  if (length == -1) return std::nullopt;
  if (length < 0 || end_ - at_ < length) fail("the row is shorter than the field");
  const std::string_view value{at_, static_cast<std::size_t>(length)};
  at_ += length;
  return value;
}

std::string_view RowReader::fixed(std::size_t width) {
  const auto value = bytes();
  if (value.size() != width) fail(fmt::format("has {} bytes, not {}", value.size(), width));
  return value;
}

std::int64_t RowReader::bigint() { return wire::load<std::int64_t>(fixed(8).data()); }
std::int16_t RowReader::smallint() { return wire::load<std::int16_t>(fixed(2).data()); }
EventId RowReader::uuid() { return EventId::from_bytes(fixed(16).data()); }

Timestamp RowReader::timestamptz() {
  const auto time = optional_timestamptz();
  if (!time) fail("is NULL");
  return *time;
}

std::optional<Timestamp> RowReader::optional_timestamptz() {
  const auto value = field();
  if (!value) return std::nullopt;
  if (value->size() != 8) fail(fmt::format("has {} bytes, not 8", value->size()));
  const auto time = wire::load_timestamptz(value->data());
  if (!time) fail("the time is out of range");
  return time;
}

std::string_view RowReader::bytes() {
  const auto value = field();
  if (!value) fail("is NULL");
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
  if (!value) return;
  // array_send's form: dimensions, null flag, element type, then per dimension size and lower bound (which means nothing
  // here), then elements.
  if (value->size() < 12) fail("is no array");
  const auto dimensions = wire::load<std::int32_t>(value->data());
  if (dimensions == 0) return;
  if (dimensions != 1) fail(fmt::format("the array has {} dimensions, not 1", dimensions));
  if (value->size() < 20) fail("is no array");
  const auto count = wire::load<std::int32_t>(value->data() + 12);
  if (count < 0 || count % 2 != 0) fail(fmt::format("the array has {} elements: a name lacks its value", count));
  auto rest = value->substr(20);
  const auto next = [&] {
    if (rest.size() < 4) fail("the array is cut short");
    const auto length = wire::load<std::int32_t>(rest.data());
    rest.remove_prefix(4);
    if (length == -1) fail("an element of the array is NULL");
    if (length < 0 || rest.size() < static_cast<std::size_t>(length)) fail("the array is cut short");
    const auto element = rest.substr(0, static_cast<std::size_t>(length));
    rest.remove_prefix(element.size());
    return element;
  };
  for (std::int32_t i = 0; i < count; i += 2) {
    const auto name = next();
    out.emplace_back(name, next());
  }
  if (!rest.empty()) fail("the array is longer than it says");
}

void RowReader::pairs(std::vector<std::pair<std::string, std::string>>& out) {
  std::vector<std::pair<std::string_view, std::string_view>> views;
  pairs(views);
  out.assign(views.begin(), views.end());
}

RowBatch::~RowBatch() { clear(); }

RowBatch::RowBatch(RowBatch&& other) noexcept
    : rows_(std::move(other.rows_)),
      origin_(std::move(other.origin_)),
      bytes_(std::exchange(other.bytes_, 0)),
      truncated_(std::exchange(other.truncated_, false)) {
  other.rows_.clear();
}

RowBatch& RowBatch::operator=(RowBatch&& other) noexcept {
  if (this != &other) {
    clear();
    rows_.swap(other.rows_);
    origin_ = std::move(other.origin_);
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
  if (size >= header_size && std::string_view{at, static_cast<std::size_t>(size)}.starts_with(wire::copy_signature))
    at += header_size;
  if (end - at <= 2) {  // the trailer, a column count of -1, or a header alone
    PQfreemem(libpq_buffer);
    return;
  }
  at += 2;
  rows_.push_back({libpq_buffer, at, static_cast<std::size_t>(end - at)});
  bytes_ += rows_.back().size;
}

void RowBatch::add(const pg_result& row) {
  const int columns = PQnfields(&row);
  std::size_t size = 0;
  for (int i = 0; i < columns; ++i) size += sizeof(std::int32_t) + static_cast<std::size_t>(PQgetlength(&row, 0, i));
  char* const buffer = static_cast<char*>(std::malloc(std::max<std::size_t>(size, 1)));
  if (buffer == nullptr) throw std::bad_alloc{};
  char* at = buffer;
  for (int i = 0; i < columns; ++i) {
    const auto length = PQgetisnull(&row, 0, i) != 0 ? -1 : PQgetlength(&row, 0, i);
    wire::store(at, static_cast<std::int32_t>(length));
    at += sizeof(std::int32_t);
    if (length > 0) std::memcpy(at, PQgetvalue(&row, 0, i), static_cast<std::size_t>(length));
    at += std::max(length, 0);
  }
  rows_.push_back({buffer, buffer, size});
  bytes_ += size;
}

}  // namespace annals::postgres
