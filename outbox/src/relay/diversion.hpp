#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "admission/admission.hpp"
#include "annals/outbox/destination.hpp"
#include "annals/outbox/message_source.hpp"
#include "annals/outbox/relay.hpp"
#include "log/log_name.hpp"
#include "poison/parking.hpp"
#include "poison/poison.hpp"
#include "relay/publisher.hpp"
#include "relay/release.hpp"

namespace annals::outbox {

/// Takes messages that cannot be published, or must wait behind one, out of the way of the others, as the rule of the topic says; and
/// has them come back.
///
/// Thread safety  none. Ownership: borrows all that it is given. Errors: those of the ports; a refusal of a dead letter is none.
class Diversion {
 public:
  struct Parts {
    const RelayOptions& options;
    const LogName& log;
    Publisher& publisher;
    Admission& admission;
    ParkedStore* store;  ///< null: every poison halts
    Destination::CommitRule rule;
  };
  explicit Diversion(Parts parts)
      : parts_(parts),
        parking_(parts.store, parts.options),
        release_({parking_, parts.publisher, parts.admission, parts.rule}) {}

  [[nodiscard]] Parking& parking() noexcept { return parking_; }
  [[nodiscard]] Release& release() noexcept { return release_; }
  [[nodiscard]] const Release& release() const noexcept { return release_; }

  enum class Taken {
    no,    ///< it is to be sent
    yes,   ///< it was dealt with
    full,  ///< it is a dead letter, and there is no room to publish it now
  };
  /// Of a message that was set aside before, or must wait behind one that was. `poison`: it cannot be published itself.
  [[nodiscard]] Taken divert_known(const MessageView& message, bool poison);
  /// Of one that cannot be published; nothing when the relay is to halt.
  [[nodiscard]] std::optional<Taken> divert(const MessageView& message, const std::string& reason);
  /// Sets all that the other side refused aside, so that the next run need not meet it; false when the relay is to halt.
  [[nodiscard]] bool divert_refused(MessageSource& source);
  /// The relay halts at this one.
  void tell_halt(const Poison& poison);
  /// What was set aside since the last call.
  [[nodiscard]] std::vector<SetAside> take_news() { return std::exchange(news_, {}); }

 private:
  [[nodiscard]] Taken pass(const MessageView& message, const ParkedEntry& entry);
  [[nodiscard]] Taken send_dead_letter(const MessageView& message, const ParkedEntry& entry);
  [[nodiscard]] std::optional<ParkedEntry> entry_for(const MessageView& message, const std::string& reason) const;
  [[nodiscard]] bool divert_refused(const Delivery& refused, MessageSource& source);
  void keep(const MessageView& message, const ParkedEntry& entry, const std::string& reason);
  void set_aside(const MessageView& message, const ParkedEntry& entry);

  Parts parts_;
  Parking parking_;
  Release release_;
  std::vector<SetAside> news_;
};

}  // namespace annals::outbox
