#include "progress/place_text.hpp"

#include "annals/core/text/number.hpp"

namespace annals::outbox {

std::string_view take_until(std::string_view& text, char mark) {
  const auto end = text.find(mark);
  const auto taken = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return taken;
}

std::optional<std::int64_t> parse_position(std::string_view text) {
  const auto number = parse_number<std::int64_t>(text);
  return number && *number >= 0 ? number : std::nullopt;
}

std::optional<MessageSource::Place> parse_place(std::string_view position, std::string_view id) {
  const auto number = parse_position(position);
  if (!number || (*number == 0) != (id == no_text)) return std::nullopt;
  if (*number == 0) return MessageSource::Place{};
  const auto parsed = EventId::parse(id);
  if (!parsed) return std::nullopt;
  return MessageSource::Place{.position = *number, .id = *parsed};
}

std::string id_text(const MessageSource::Place& place) {
  return place.position == 0 ? std::string{no_text} : place.id.to_string();
}

}  // namespace annals::outbox
