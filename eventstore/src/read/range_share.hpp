#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "annals/postgres/connection.hpp"
#include "annals/postgres/tail/range_reader.hpp"
#include "read/event_page.hpp"
#include "read/stream_names.hpp"

namespace annals::eventstore {

/// What one of several sessions reads of the final part of a log: the ranges of equal width are dealt out in turn.
///
/// Invariant: the shares of one span cover each of its positions once, and a page lies within one range. So the pages of all
/// shares, ordered by their first positions, are the log.
///
/// Thread safety  none. Ownership: borrows the connection. Errors: as RangeReader and StreamNames.
class RangeShare {
 public:
  struct Span {
    std::int64_t after = 0;  ///< exclusive
    std::int64_t end = 0;    ///< inclusive, and final
  };

  RangeShare(postgres::Connection& connection, const std::string& schema, Span span, std::int64_t first,
             std::int64_t step);

  /// Fills the page with the next events of the share; false when there are none left.
  bool fetch(EventPage& page);

 private:
  void go_to(std::int64_t range) noexcept;
  [[nodiscard]] std::optional<std::int64_t> next_position();

  postgres::Connection& connection_;
  postgres::RangeReader reader_;
  StreamNames names_;
  Span span_;
  std::int64_t step_;
  std::int64_t range_ = 0;
  std::int64_t at_ = 0;   // read up to here
  std::int64_t end_ = 0;  // of the range
};

}  // namespace annals::eventstore
