#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "admission/admission.hpp"
#include "admission/throttle.hpp"
#include "annals/core/clock.hpp"
#include "annals/core/error.hpp"
#include "annals/outbox/destination.hpp"
#include "annals/outbox/message_source.hpp"
#include "annals/outbox/relay.hpp"
#include "log/log_name.hpp"
#include "poison/poison.hpp"
#include "relay/committer.hpp"
#include "relay/diversion.hpp"
#include "relay/intake.hpp"
#include "relay/publisher.hpp"

namespace annals::outbox {

/// The ownership under which a run works. It ends when its holder says nothing for too long.
struct Tenure {
  std::chrono::milliseconds talk_within;  ///< the longest wait between two calls of renew
  std::function<void()> renew;            ///< throws when the ownership is lost
};

/// The work of a relay while it owns its log: from a MessageSource to a Destination. relay_run.cpp opens with how.
///
/// Lifecycle      constructed when the ownership was won: opens the destination and starts the source at its checkpoint;
///                step() many times; then drain(), or leave() after an Error. Good for nothing after either.
/// Thread safety  none. Ownership: borrows all that it is given by reference.
/// Errors         those of Relay.
class RelayRun {
 public:
  struct Parts {
    MessageSource& source;
    Destination& destination;
    Clock& clock;
    const RelayOptions& options;
    LogName log;
    Admission admission;
    Tenure tenure;
    ParkedStore* parked = nullptr;  ///< without it every poison halts
    ClaimCheck* claims = nullptr;   ///< without it no message leaves as a claim
  };
  explicit RelayRun(Parts parts);

  StepReport step(std::chrono::milliseconds wait_max);
  void limit(const std::vector<RateLimit>& limits) { throttle_ = Throttle{limits}; }
  /// Waits at most `wait_max` for what is in flight and records the checkpoint. Rows that were read and not sent are
  /// forgotten: the next owner reads them.
  void drain(std::chrono::milliseconds wait_max);
  /// On the way out with an error: what is known to be delivered need not be published again.
  void leave() noexcept;
  [[nodiscard]] std::size_t in_flight() const noexcept { return publisher_.in_flight(); }
  /// What no StepReport has told, because the step failed.
  [[nodiscard]] std::vector<SetAside> take_set_aside() { return diversion_.take_news(); }

 private:
  // Work
  std::size_t pass(StepReport& report);
  [[nodiscard]] bool is_far_ahead() const;
  std::size_t fill();
  std::size_t publish(StepReport& report);
  [[nodiscard]] bool pass_on(MessageView& message);
  [[nodiscard]] Diversion::Taken divert_known(const MessageView& message, bool poison);
  [[nodiscard]] bool divert(const MessageView& message, const Poison& poison);
  [[nodiscard]] bool send(MessageView& message);
  [[nodiscard]] bool is_throttled() const noexcept { return throttle_.left() > Throttle::Duration::zero(); }
  void keep_alive_when_due();
  [[nodiscard]] bool offer(const MessageView& message);
  std::size_t collect(std::chrono::milliseconds wait);
  void wait_for_work(std::chrono::milliseconds wait_max, StepReport& report);
  void wait_for_destination(std::chrono::milliseconds wait_max, StepReport& report);
  void complete(StepReport& report, bool progress);
  [[nodiscard]] bool is_quiet() const;

  // The end
  void settle(std::chrono::milliseconds wait_max);
  [[noreturn]] void fail(std::optional<Poison> poison, std::optional<Error> broken);
  [[nodiscard]] Poison describe(const Delivery& refused);

  void at(std::string_view point) const {
    if (options_.at_point) options_.at_point(point);
  }

  MessageSource& source_;
  Clock& clock_;
  const RelayOptions& options_;
  LogName log_;
  Admission admission_;
  Tenure tenure_;
  Publisher publisher_;
  Diversion diversion_;
  Committer committer_;
  Intake intake_;
  Throttle throttle_;
  std::chrono::steady_clock::time_point kept_alive_;
};

}  // namespace annals::outbox
