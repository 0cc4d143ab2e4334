#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "annals/outbox/message.hpp"

namespace annals::kafka {

/// What a message says of itself, under CloudEvents' names.
enum class Attribute { id, source, type, time, subject, sequence, correlationid, causationid, datacontenttype };

[[nodiscard]] std::optional<Attribute> find_attribute(std::string_view name) noexcept;
/// All of them, for messages to people.
[[nodiscard]] std::string attribute_names();
/// Empty when the message has none.
[[nodiscard]] std::string attribute_text(Attribute attribute, const outbox::MessageView& message,
                                         std::string_view source);

}  // namespace annals::kafka
