#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "admission/admission.hpp"
#include "annals/outbox/destination.hpp"
#include "poison/parking.hpp"
#include "relay/committer.hpp"
#include "relay/publisher.hpp"

namespace annals::outbox {

/// Publishes what was parked, a batch at a time, when its turn has come: beside what the source gives, with tickets below 0. parking.cpp
/// opens with what holds.
///
/// Thread safety  none. Ownership: borrows all that it is given. Errors: those of the ports, but a message that cannot be published
///                still is parked again.
class Release {
 public:
  struct Parts {
    Parking& parking;
    Publisher& publisher;
    Admission& admission;
    Destination::CommitRule rule;
  };
  explicit Release(Parts parts) : parts_(parts) {}

  /// Sends what there is room for, without waiting; returns how much of anything happened.
  std::size_t work(Committer& committer, std::chrono::steady_clock::time_point now);
  /// A batch is under way.
  [[nodiscard]] bool is_active() const noexcept { return !batch_.empty(); }
  /// The end of it is: nothing may be parked meanwhile, or it would never end.
  [[nodiscard]] bool is_ending() const noexcept { return is_active() && parts_.parking.was_last_batch(); }
  /// The message of a ticket below 0 was refused by the other side.
  void refused(const Delivery& delivery);

 private:
  [[nodiscard]] bool begin(Committer& committer, std::chrono::steady_clock::time_point now);
  [[nodiscard]] std::size_t send();
  [[nodiscard]] bool offer(std::size_t index);
  void give_back(std::size_t index, std::string_view reason);
  [[nodiscard]] bool all_together() const noexcept { return parts_.rule == Destination::CommitRule::all_sent; }
  [[nodiscard]] std::size_t collect(Committer& committer);

  Parts parts_;
  std::vector<ParkedStore::Due> batch_;
  std::size_t next_ = 0;            // to be sent
  std::vector<std::int64_t> sent_;  // places
  std::size_t delivered_ = 0;
  std::string note_;
  bool noted_ = false;  // the committer has it
};

}  // namespace annals::outbox
