#pragma once
#include <string>

#include "annals/postgres/log_table.hpp"
#include "annals/postgres/prepared_statement.hpp"

namespace annals::eventstore {

/// The log of events in `schema`, as the ordered tail reads it.
[[nodiscard]] postgres::LogTable events_table(const std::string& schema);

/// Every statement of the event store, rendered for one schema. Shared by all threads of an EventStore.
///
/// What returns columns of events there is twice: as text for a caller's libpqxx, binary for libpq.
struct Statements {
  explicit Statements(const std::string& schema);
  postgres::PreparedStatement append;
  postgres::PreparedStatement append_one;
  postgres::PreparedStatement append_new;
  postgres::PreparedStatement head;
  postgres::PreparedStatement present;
  postgres::PreparedStatement read_forward;
  postgres::PreparedStatement read_backward;
  std::string present_binary;
  std::string read_forward_binary;
  std::string read_backward_binary;
  std::string list_streams;
};

}  // namespace annals::eventstore
