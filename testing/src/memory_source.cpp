#include "annals/testing/memory_source.hpp"

#include <algorithm>

namespace annals::testing {

void MemorySource::receive(std::size_t max, std::chrono::milliseconds,
                           std::vector<projections::IncomingMessage>& messages) {
  messages.clear();
  const auto count = std::min(max, log_.messages().size() - next_);
  const auto first = log_.messages().begin() + static_cast<std::ptrdiff_t>(next_);
  messages.assign(first, first + static_cast<std::ptrdiff_t>(count));
  next_ += count;
}

}  // namespace annals::testing
