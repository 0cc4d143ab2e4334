#pragma once

namespace annals::tests {

/// Whether this is a build with a sanitizer: what a process then takes says nothing about the product's memory.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool is_sanitized = true;
#else
inline constexpr bool is_sanitized = false;
#endif

}  // namespace annals::tests
