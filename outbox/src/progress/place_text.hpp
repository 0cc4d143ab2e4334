#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "annals/outbox/message_source.hpp"

namespace annals::outbox {

// What the texts of cursors are made of.

/// In place of an id, or of ranges, where there is none.
inline constexpr std::string_view no_text = "-";

/// What is before the first `mark`, or all; it is dropped from `text`, and the mark as well.
[[nodiscard]] std::string_view take_until(std::string_view& text, char mark);
/// Nothing: no whole number from 0 on.
[[nodiscard]] std::optional<std::int64_t> parse_position(std::string_view text);
/// Position 0 has no id, and only it. Nothing: neither.
[[nodiscard]] std::optional<MessageSource::Place> parse_place(std::string_view position, std::string_view id);
/// The id as parse_place() reads it.
[[nodiscard]] std::string id_text(const MessageSource::Place& place);

}  // namespace annals::outbox
