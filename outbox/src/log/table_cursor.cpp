#include "log/table_cursor.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <optional>
#include <string_view>

#include "annals/core/error.hpp"
#include "annals/core/text.hpp"

namespace annals::outbox {
namespace {

constexpr std::string_view version = "table/1";
constexpr std::string_view no_message = "-";
using Fields = std::array<std::string_view, 5>;

std::optional<Fields> split(std::string_view text) {
  Fields fields;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const auto end = text.find(' ');
    if ((end == std::string_view::npos) != (i + 1 == fields.size())) return std::nullopt;
    fields[i] = text.substr(0, end);
    if (fields[i].empty()) return std::nullopt;
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return fields;
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

}  // namespace

Cursor TableCursor::encode() const {
  return {fmt::format("{} {} {} {} {}", version, cluster.system_identifier, cluster.timeline, place.position,
                      place.position == 0 ? std::string{no_message} : place.id.to_string())};
}

TableCursor TableCursor::decode(const Cursor& cursor) {
  const auto fields = split(cursor.bytes);
  if (fields && (*fields)[0] == version) {
    if (const auto place = parse_place((*fields)[3], (*fields)[4])) {
      return {.cluster = {.system_identifier = std::string{(*fields)[1]}, .timeline = std::string{(*fields)[2]}},
              .place = *place};
    }
  }
  throw Error{ErrorKind::corrupt,
              fmt::format("\"{}\" is not a place in a table", printable(cursor.bytes)),
              {.hint = "a checkpoint was written by another kind of source, or by a newer version"}};
}

}  // namespace annals::outbox
