#include "annals/core/expected_version.hpp"

#include <fmt/format.h>

#include "annals/core/error.hpp"

namespace annals {

ExpectedVersion ExpectedVersion::exactly(StreamVersion version) {
  if (version.value() < 0) {
    throw invalid(fmt::format("expected version {} is negative", version.value()),
                  "versions start at 1; use no_stream() for a stream without events");
  }
  return ExpectedVersion{version.value()};
}

std::string to_string(ExpectedVersion expected) {
  if (expected == ExpectedVersion::any()) return "any";
  if (expected == ExpectedVersion::stream_exists()) return "stream_exists";
  if (expected == ExpectedVersion::no_stream()) return "no_stream";
  return fmt::format("exactly({})", expected.code());
}

}  // namespace annals
