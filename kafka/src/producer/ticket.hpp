#pragma once
#include <cstdint>

namespace annals::kafka {

/// The ticket travels through librdkafka in place of a pointer: nothing to allocate.
inline void* to_opaque(std::int64_t ticket) noexcept {
  return reinterpret_cast<void*>(static_cast<std::intptr_t>(ticket));  // NOLINT(performance-no-int-to-ptr): the design
}
inline std::int64_t from_opaque(const void* opaque) noexcept { return reinterpret_cast<std::intptr_t>(opaque); }
static_assert(sizeof(void*) >= sizeof(std::int64_t));

}  // namespace annals::kafka
