#include "log/table_cursor.hpp"

#include <fmt/format.h>

#include <optional>
#include <string_view>

#include "annals/core/error.hpp"
#include "annals/core/text.hpp"
#include "progress/place_text.hpp"

namespace annals::outbox {
namespace {

constexpr std::string_view of_place = "table/1 ";
constexpr std::string_view of_progress = "table/2 ";

std::optional<Progress> parse_published(std::string_view version, std::string_view text) {
  if (version == of_progress) return Progress::decode(text);
  const auto position = take_until(text, ' ');
  const auto place = parse_place(position, text);
  if (!place) return std::nullopt;
  return Progress{*place};
}

}  // namespace

bool TableCursor::is_place(const Cursor& cursor) noexcept { return cursor.bytes.starts_with(of_place); }

Cursor TableCursor::encode() const {
  const bool simple = published.ranges() == 0 && published.exact() && place().position == published.watermark();
  if (!simple) {
    return {fmt::format("{}{} {} {}", of_progress, cluster.system_identifier, cluster.timeline, published.encode())};
  }
  return {fmt::format("{}{} {} {} {}", of_place, cluster.system_identifier, cluster.timeline, place().position,
                      id_text(place()))};
}

TableCursor TableCursor::decode(const Cursor& cursor) {
  std::string_view text = cursor.bytes;
  const auto version = text.substr(0, of_place.size());
  if (version == of_place || version == of_progress) {
    text.remove_prefix(version.size());
    const auto system_identifier = take_until(text, ' ');
    const auto timeline = take_until(text, ' ');
    auto published = parse_published(version, text);
    if (published && !system_identifier.empty() && !timeline.empty()) {
      return {.cluster = {.system_identifier = std::string{system_identifier}, .timeline = std::string{timeline}},
              .published = std::move(*published)};
    }
  }
  throw Error{ErrorKind::corrupt,
              fmt::format("\"{}\" is not a place in a table", printable(cursor.bytes)),
              {.hint = "a checkpoint was written by another kind of source, or by a newer version"}};
}

}  // namespace annals::outbox
