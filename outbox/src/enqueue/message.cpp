#include "annals/outbox/message.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "annals/core/error.hpp"
#include "annals/core/event.hpp"
#include "annals/core/limits.hpp"
#include "annals/core/text.hpp"

namespace annals::outbox {
namespace {

bool is_topic_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

}  // namespace

void require_topic(std::string_view topic) {
  const bool legal = !topic.empty() && topic.size() <= limits::topic_bytes_max && topic != "." && topic != ".." &&
                     std::all_of(topic.begin(), topic.end(), is_topic_character);
  if (legal) return;
  throw invalid(fmt::format("\"{}\" is no topic name", printable(topic)),
                fmt::format("use 1 to {} of a-z, A-Z, 0-9, '.', '_' and '-'; \".\" and \"..\" are reserved",
                            limits::topic_bytes_max));
}

void require_valid(const Message& message) {
  require_topic(message.topic);
  if (!message.key.empty()) require_text("message key", message.key, message_key_bytes_max);
  require_text("message type", message.type, limits::event_type_bytes_max);
  if (message.payload.size() > limits::event_data_bytes_max) {
    throw invalid(fmt::format("payload of a message of type \"{}\" has {} bytes", printable(message.type),
                              message.payload.size()),
                  fmt::format("at most {} bytes are allowed; store large content elsewhere and refer to it",
                              limits::event_data_bytes_max));
  }
  if (message.id.is_nil()) throw invalid("message id is the nil UUID", "use EventId::generate()");
  require_occurred_at(message.occurred_at);
  require_valid(message.metadata);
}

std::size_t byte_size(const Message& message) noexcept {
  return message.key.size() + message.type.size() + message.payload.size() + byte_size(message.metadata);
}

std::size_t byte_size(const MessageView& message) noexcept {
  auto bytes = message.key.size() + message.payload.size();
  for (const auto& [name, value] : message.headers) bytes += name.size() + value.size();
  return bytes;
}

}  // namespace annals::outbox
