#include "import/chunk_pace.hpp"

#include <algorithm>

#include "annals/eventstore/importer.hpp"

namespace annals::eventstore {
namespace {

constexpr std::chrono::duration<double> aim{0.25};
constexpr std::size_t events_min = 100;

}  // namespace

void ChunkPace::took(std::size_t events, std::chrono::duration<double> time) noexcept {
  const auto fitting = static_cast<double>(events) * (aim / std::max(time, aim / 1000));
  const auto at_most = std::min(2 * std::max(events, events_min), Importer::chunk_events_max);
  events_ =
      static_cast<std::size_t>(std::clamp(fitting, static_cast<double>(events_min), static_cast<double>(at_most)));
}

}  // namespace annals::eventstore
