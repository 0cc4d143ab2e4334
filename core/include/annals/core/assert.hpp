#pragma once

namespace annals::detail {

[[noreturn]] void assertion_failed(const char* expression, const char* file, int line) noexcept;

}  // namespace annals::detail

/// A bug in Annals or in its use, not an error to handle: prints the place and aborts, in release builds too, because
/// going on with a broken invariant could lose or reorder an event.
#define ANNALS_ASSERT(expression) \
  ((expression) ? void(0) : ::annals::detail::assertion_failed(#expression, __FILE__, __LINE__))
