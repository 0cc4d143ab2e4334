#pragma once
#include <chrono>
#include <string>
#include <utility>

#include "annals/postgres/database.hpp"
#include "relay/own/own_outbox.hpp"

namespace annals::postgres {
class Connection;
}

namespace annals::relayd {

/// Looks every few seconds whether a service's own table still promises what it did when its relay began, and still is that table: one that was
/// replaced, or whose numbers begin anew, has rows below what is published, and they would be passed over without a word.
///
/// Lifecycle      construct -> begin() before each relay that is opened -> look() after each step as the owner, forget() as none -> ….
/// Thread safety  none.
/// Errors         begin(), look(): Error{not_ready} as require_readable(). look(): Error{corrupt} when it is another table, or its numbers begin
///                anew; what else keeps it from looking it leaves to the relay's own session, and looks again. begin(): those of the connection.
/// Limits         a session of its own for each look, a dozen short statements.
class OwnWatch {
 public:
  using Time = std::chrono::steady_clock::time_point;
  static constexpr std::chrono::seconds interval{5};

  /// `relay` is named in the command that is offered.
  OwnWatch(postgres::Database database, OwnOutbox own, std::string relay)
      : database_(std::move(database)), own_(std::move(own)), relay_(std::move(relay)) {}

  void begin(postgres::Connection& connection, Time now);
  void look(Time now);
  /// Another relay owns the table: whoever owns it next compares it with its checkpoint first.
  void forget() { known_.clear(); }

 private:
  [[nodiscard]] std::string ask(postgres::Connection& connection, Time now);
  void compare(const std::string& identity);

  postgres::Database database_;
  OwnOutbox own_;
  std::string relay_;
  std::string known_;  // as own_identity.sql tells it; empty: not looked at yet
  Time next_;
};

}  // namespace annals::relayd
