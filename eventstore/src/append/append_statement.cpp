#include "append/append_statement.hpp"

#include <fmt/format.h>

#include "annals/core/error.hpp"
#include "annals/core/limits.hpp"
#include "annals/core/text.hpp"

namespace annals::eventstore {

void require_bounded(std::size_t events, std::size_t bytes, std::string_view where, std::size_t events_max) {
  if (events > events_max) {
    throw invalid(fmt::format("{} events in one {}", events, where),
                  fmt::format("at most {} are allowed; split them over several calls", events_max));
  }
  if (bytes > limits::append_bytes_max) {
    throw invalid(fmt::format("{} bytes of events in one {}", bytes, where),
                  fmt::format("at most {} bytes of type, data and metadata are allowed; split them over several calls",
                              limits::append_bytes_max));
  }
}

void require_valid(const AppendRequest& request) {
  if (request.events.empty()) throw invalid("nothing to append", "give at least one event");
  std::size_t bytes = 0;
  for (const auto& event : request.events) {
    annals::require_valid(event);
    bytes += byte_size(event);
  }
  require_bounded(request.events.size(), bytes, fmt::format("append to \"{}\"", printable(request.stream.view())));
}

}  // namespace annals::eventstore
