#pragma once
#include <string>

#include "admission/router.hpp"
#include "admission/topic_list.hpp"
#include "annals/outbox/message.hpp"
#include "annals/outbox/relay.hpp"
#include "poison/passed_over.hpp"

namespace annals::outbox {

/// Decides, before a message is sent, whether it is to be: what an operator passed over is not, an event needs a route,
/// and a message may name allowed topics only. Not thread-safe; no I/O.
class Admission {
 public:
  enum class Verdict { publish, skip, poison };
  /// Why a message is poison, and how to mend it.
  struct Objection {
    std::string reason;
    std::string hint;
  };

  /// Throws Error{invalid} for routes or topics that cannot be meant.
  Admission(const RelayOptions& options, PassedOver passed_over)
      : router_(options.routes),
        topics_(options.topics),
        passed_over_(std::move(passed_over)),
        unrouted_(options.unrouted) {}

  /// Fills in the topic where a route says it.
  [[nodiscard]] Verdict decide(MessageView& message);
  /// The reason for Verdict::poison.
  [[nodiscard]] Objection objection(const MessageView& message) const;
  /// Fills in the topic where a route says it; false when none does.
  bool route(MessageView& message) const;

 private:
  Router router_;
  TopicList topics_;
  PassedOver passed_over_;
  Unrouted unrouted_;
};

}  // namespace annals::outbox
