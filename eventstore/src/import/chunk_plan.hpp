#pragma once
#include <cstddef>
#include <span>
#include <vector>

#include "import/presence.hpp"
#include "import/stream_heads.hpp"

namespace annals::eventstore {

/// What of a chunk is new, and where it goes.
struct ChunkPlan {
  struct Fresh {
    const ImportedEvent* event;
    const StreamHead* head;
    std::int64_t version;
  };
  std::vector<Fresh> fresh;
  std::size_t present = 0;
  bool repeats = true;  ///< every event without a version was there already
};

/// Throws ImportRefused for an event that does not fit. Counts what is fresh in the heads.
[[nodiscard]] ChunkPlan make_plan(std::span<const ImportedEvent> events, const std::vector<StreamHead*>& heads,
                                  const std::vector<Presence>& presence);

}  // namespace annals::eventstore
