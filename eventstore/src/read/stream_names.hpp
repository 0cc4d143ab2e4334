#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "annals/postgres/tail/name_cache.hpp"
#include "read/event_page.hpp"

namespace annals::eventstore {

/// Gives the rows of a page the names of their streams. Not thread-safe; borrows the connection.
class StreamNames {
 public:
  StreamNames(postgres::Connection& connection, const std::string& schema);

  /// A row of a stream that does not exist ends the page; when it comes first, Error{corrupt} names it.
  void resolve(EventPage& page);

 private:
  void end_before_unknown(EventPage& page);

  postgres::Connection& connection_;
  std::string schema_;
  postgres::NameCache names_;
  std::vector<std::int64_t> ids_;
};

}  // namespace annals::eventstore
