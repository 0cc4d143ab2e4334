#include "fallback/slot_maker.hpp"

#include <utility>

#include "annals/core/assert.hpp"
#include "annals/postgres/connection.hpp"
#include "wal/wal_slot.hpp"

namespace annals::outbox {

SlotMaker::SlotMaker(postgres::Database database, postgres::MessageLog log, std::string relay)
    : database_(std::move(database)), log_(std::move(log)), relay_(std::move(relay)) {}

SlotMaker::~SlotMaker() = default;

void SlotMaker::begin() {
  ANNALS_ASSERT(!is_working());
  thread_ = std::jthread{[this](const std::stop_token& stop) {
    auto outcome = attempt(stop);
    const std::lock_guard lock{mutex_};
    outcome_ = std::move(outcome);
  }};
}

SlotMaker::Outcome SlotMaker::attempt(const std::stop_token& stop) const {
  try {
    auto database = database_;
    database.interrupted = [&stop] { return stop.stop_requested(); };
    postgres::Connection connection{database};
    WalSlot slot{connection, log_, relay_};
    (void)slot.open_anew();
    return {};
  } catch (const Error& error) {
    return {.error = error};
  } catch (const std::exception& error) {
    return {.error = Error{ErrorKind::failed, error.what()}};
  }
}

std::optional<SlotMaker::Outcome> SlotMaker::outcome() {
  {
    const std::lock_guard lock{mutex_};
    if (!outcome_) return std::nullopt;
  }
  thread_ = {};
  return std::exchange(outcome_, std::nullopt);
}

}  // namespace annals::outbox
