#include "relay/diversion.hpp"

#include <fmt/format.h>

#include "annals/core/error.hpp"

namespace annals::outbox {

Diversion::Taken Diversion::divert_known(const MessageView& message, bool poison) {
  if (parking_.is_empty()) return Taken::no;
  if (const auto* entry = parking_.find(message)) return pass(message, *entry);
  if (poison || !parking_.must_wait(message)) return Taken::no;
  parking_.add(message, {.policy = PoisonPolicy::park});
  parts_.publisher.skip(message.ticket);
  return Taken::yes;
}

std::optional<Diversion::Taken> Diversion::divert(const MessageView& message, const std::string& reason) {
  const auto entry = entry_for(message, reason);
  if (!entry) return std::nullopt;
  set_aside(message, *entry);
  return pass(message, *entry);
}

void Diversion::set_aside(const MessageView& message, const ParkedEntry& entry) {
  parking_.add(message, entry);
  news_.push_back({.policy = entry.policy,
                   .position = message.position,
                   .id = message.id,
                   .topic = std::string{message.topic},
                   .key = std::string{message.key},
                   .reason = entry.reason});
}

void Diversion::tell_halt(const Poison& poison) {
  news_.push_back({.policy = PoisonPolicy::halt,
                   .position = poison.place.position,
                   .id = poison.place.id,
                   .topic = poison.topic,
                   .key = poison.key,
                   .reason = poison.reason});
}

/// How the message is to be set aside; nothing when the relay is to halt.
std::optional<ParkedEntry> Diversion::entry_for(const MessageView& message, const std::string& reason) const {
  const auto& rule = parking_.rule_of(message.topic);
  if (message.topic.empty() || rule.policy == PoisonPolicy::halt) return std::nullopt;
  if (rule.policy == PoisonPolicy::park && !parking_.has_room(message)) return std::nullopt;
  return ParkedEntry{.policy = rule.policy, .reason = reason, .dead_letter_topic = rule.dead_letter_topic};
}

/// A message that was set aside, in this run or one before.
Diversion::Taken Diversion::pass(const MessageView& message, const ParkedEntry& entry) {
  if (!entry.dead_letter_topic.empty()) return send_dead_letter(message, entry);
  parts_.publisher.skip(message.ticket);
  return Taken::yes;
}

Diversion::Taken Diversion::send_dead_letter(const MessageView& message, const ParkedEntry& entry) {
  auto letter = message;
  const auto position = std::to_string(message.position);
  letter.topic = entry.dead_letter_topic;
  letter.headers.insert(letter.headers.end(), {{"dead_letter_topic", message.topic},
                                               {"dead_letter_reason", entry.reason},
                                               {"dead_letter_relay", parts_.options.name},
                                               {"dead_letter_log", parts_.log.name},
                                               {"dead_letter_position", position}});
  try {
    return parts_.publisher.offer(letter) ? Taken::yes : Taken::full;
  } catch (const Error& error) {
    if (!is_refusal(error)) throw;
    keep(message, entry, error.message());
    parts_.publisher.skip(message.ticket);
    return Taken::yes;
  }
}

void Diversion::keep(const MessageView& message, const ParkedEntry& entry, const std::string& reason) {
  parking_.keep(message, fmt::format("{}; and the dead-letter topic: {}", entry.reason, reason));
}

bool Diversion::divert_refused(MessageSource& source) {
  for (const auto& refused : parts_.publisher.refused()) {
    if (refused.ticket < 0) {
      release_.refused(refused);
    } else if (!divert_refused(refused, source)) {
      return false;
    }
  }
  parking_.write();
  return true;
}

bool Diversion::divert_refused(const Delivery& refused, MessageSource& source) {
  MessageView message;
  if (!source.find(refused.ticket, message)) return false;
  (void)parts_.admission.route(message);
  if (const auto* known = parking_.find(message)) {
    if (known->dead_letter_topic.empty()) return false;
    keep(message, *known, refused.reason);
    return true;
  }
  const auto entry = entry_for(message, refused.reason);
  if (entry) set_aside(message, *entry);
  return entry.has_value();
}

}  // namespace annals::outbox
