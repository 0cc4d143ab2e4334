#pragma once
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "annals/core/error.hpp"
#include "annals/postgres/database.hpp"
#include "annals/postgres/message_log.hpp"

namespace annals::outbox {

/// Makes a relay's slot, or finds the one that is there, beside whoever reads the table meanwhile: the server waits for every transaction that is
/// writing when a slot is made.
///
/// Lifecycle      construct -> begin() -> outcome() until there is one -> begin() again, or destroy, which cancels what is under way.
/// Thread safety  none; works in a thread and a session of its own, one attempt at a time.
class SlotMaker {
 public:
  SlotMaker(postgres::Database database, postgres::MessageLog log, std::string relay);
  ~SlotMaker();
  SlotMaker(const SlotMaker&) = delete;
  SlotMaker& operator=(const SlotMaker&) = delete;

  void begin();
  [[nodiscard]] bool is_working() const noexcept { return thread_.joinable(); }
  /// How the attempt ended.
  struct Outcome {
    std::optional<Error> error;  ///< nothing: the slot is there
  };
  /// Nothing while it lasts. Each outcome is told once.
  [[nodiscard]] std::optional<Outcome> outcome();

 private:
  [[nodiscard]] Outcome attempt(const std::stop_token& stop) const;

  postgres::Database database_;
  postgres::MessageLog log_;
  std::string relay_;
  std::mutex mutex_;
  std::optional<Outcome> outcome_;
  std::jthread thread_;  // ends before what it uses
};

}  // namespace annals::outbox
