#include "annals/core/assert.hpp"

#include <cstdio>
#include <cstdlib>

namespace annals::detail {

void assertion_failed(const char* expression, const char* file, int line) noexcept {
  std::fprintf(stderr, "annals: assertion failed: %s (%s:%d)\n", expression, file, line);
  std::abort();
}

}  // namespace annals::detail
