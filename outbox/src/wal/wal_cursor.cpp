#include "wal/wal_cursor.hpp"

#include <fmt/format.h>

#include <array>
#include <optional>
#include <string_view>

#include "annals/core/error.hpp"
#include "annals/core/text.hpp"
#include "annals/core/text/number.hpp"
#include "progress/place_text.hpp"

namespace annals::outbox {
namespace {

constexpr std::string_view version = "wal/1 ";

std::optional<postgres::Lsn> parse_lsn(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto high = parse_number<std::uint32_t>(text.substr(0, slash), 16);
  const auto low = parse_number<std::uint32_t>(text.substr(slash + 1), 16);
  if (!high || !low) return std::nullopt;
  return postgres::Lsn{static_cast<std::uint64_t>(*high) << 32U | *low};
}

std::optional<WalPlace> parse_wal_place(std::string_view flush, std::string_view commit, std::string_view index) {
  const auto flush_lsn = parse_lsn(flush);
  const auto commit_lsn = parse_lsn(commit);
  const auto number = parse_number<std::uint32_t>(index);
  if (!flush_lsn || !commit_lsn || !number || (commit_lsn->value == 0) != (*number == 0)) return std::nullopt;
  return WalPlace{.flush = *flush_lsn, .commit = *commit_lsn, .index = *number};
}

std::optional<WalCursor> parse(std::string_view text) {
  std::array<std::string_view, 5> fields;
  text.remove_prefix(version.size());
  for (auto& field : fields) field = take_until(text, ' ');
  const auto place = parse_wal_place(fields[2], fields[3], fields[4]);
  auto progress = Progress::decode(text);
  if (fields[0].empty() || fields[1].empty() || !place || !progress) return std::nullopt;
  return WalCursor{.cluster = {.system_identifier = std::string{fields[0]}, .timeline = std::string{fields[1]}},
                   .place = *place,
                   .progress = std::move(*progress)};
}

}  // namespace

Cursor WalCursor::encode() const {
  return {fmt::format("{}{} {} {} {} {} {}", version, cluster.system_identifier, cluster.timeline,
                      to_string(place.flush), to_string(place.commit), place.index, progress.encode())};
}

bool WalCursor::is(const Cursor& cursor) noexcept { return cursor.bytes.starts_with(version); }

WalCursor WalCursor::decode(const Cursor& cursor) {
  if (is(cursor)) {
    if (auto parsed = parse(cursor.bytes)) return std::move(*parsed);
  }
  throw Error{ErrorKind::corrupt,
              fmt::format("\"{}\" is not a place in a write-ahead log", printable(cursor.bytes)),
              {.hint = "a checkpoint was written by another program, or by a newer version"}};
}

TableCursor table_cursor_of(const Cursor& cursor) {
  if (!WalCursor::is(cursor)) return TableCursor::decode(cursor);
  auto decoded = WalCursor::decode(cursor);
  return {.cluster = std::move(decoded.cluster), .published = std::move(decoded.progress)};
}

}  // namespace annals::outbox
