#include "log/table_cursor.hpp"

#include <fmt/format.h>

#include <charconv>
#include <optional>
#include <string_view>

#include "annals/core/error.hpp"
#include "annals/core/text.hpp"

namespace annals::outbox {
namespace {

constexpr std::string_view of_place = "table/1 ";
constexpr std::string_view of_progress = "table/2 ";
constexpr std::string_view no_message = "-";

/// Up to the next space, which is dropped from `text` as well.
std::string_view take_field(std::string_view& text) {
  const auto end = text.find(' ');
  const auto field = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return field;
}

std::optional<MessageSource::Place> parse_place(std::string_view position, std::string_view id) {
  MessageSource::Place place;
  const auto* end = position.data() + position.size();
  const auto [at, error] = std::from_chars(position.data(), end, place.position);
  if (error != std::errc{} || at != end || place.position < 0) return std::nullopt;
  if ((place.position == 0) != (id == no_message)) return std::nullopt;
  if (place.position == 0) return place;
  const auto parsed = EventId::parse(id);
  if (!parsed) return std::nullopt;
  place.id = *parsed;
  return place;
}

std::optional<Progress> parse_published(std::string_view version, std::string_view text) {
  if (version == of_progress) return Progress::decode(text);
  const auto position = take_field(text);
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
                      place().position == 0 ? std::string{no_message} : place().id.to_string())};
}

TableCursor TableCursor::decode(const Cursor& cursor) {
  std::string_view text = cursor.bytes;
  const auto version = text.substr(0, of_place.size());
  if (version == of_place || version == of_progress) {
    text.remove_prefix(version.size());
    const auto system_identifier = take_field(text);
    const auto timeline = take_field(text);
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
