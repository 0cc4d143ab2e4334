#include "admission/admission.hpp"

#include <fmt/format.h>

#include "annals/core/stream_name.hpp"
#include "annals/core/text.hpp"

namespace annals::outbox {

Admission::Verdict Admission::decide(MessageView& message) {
  if (!passed_over_.empty() && passed_over_.contains({.position = message.position, .id = message.id})) {
    return Verdict::skip;
  }
  if (!message.fault.empty()) return Verdict::poison;
  if (message.topic.empty()) {
    if (route(message)) return Verdict::publish;
    return unrouted_ == Unrouted::skip ? Verdict::skip : Verdict::poison;
  }
  return topics_.allows(message.topic) ? Verdict::publish : Verdict::poison;
}

bool Admission::route(MessageView& message) const {
  if (message.topic.empty()) message.topic = router_.topic_of(category_of(message.subject));
  return !message.topic.empty();
}

Admission::Objection Admission::objection(const MessageView& message) const {
  if (!message.fault.empty()) {
    return {.reason = message.fault,
            .hint = message.fault_hint.empty() ? "find out who wrote it into the log, past outbox_emit() of the schema"
                                               : message.fault_hint};
  }
  if (message.topic.empty()) {
    return {.reason = fmt::format("no route names category \"{}\"", printable(category_of(message.subject))),
            .hint = "add a route for the category or for \"*\", or let the relay skip what is not routed"};
  }
  return {.reason = fmt::format("topic \"{}\" is not one that this relay may publish to", printable(message.topic)),
          .hint = "find out who writes to that topic, and add it to the relay's topics if it is meant"};
}

}  // namespace annals::outbox
