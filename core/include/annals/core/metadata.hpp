#pragma once
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace annals {

/// What travels with an event or message beside its data. Empty strings mean absent.
///
/// traceparent and tracestate follow W3C Trace Context and are carried, never interpreted.
struct Metadata {
  std::string correlation_id = {};  ///< groups everything that one business operation caused
  std::string causation_id = {};    ///< the command or event that caused this one
  std::string traceparent = {};
  std::string tracestate = {};
  std::vector<std::pair<std::string, std::string>> headers =
      {};  ///< free UTF-8 pairs, in order; see reserved_headers.hpp

  bool operator==(const Metadata&) const = default;
};

/// Throws Error{invalid} naming the member that is too long, not UTF-8, contains NUL, or is a header of a reserved name.
void require_valid(const Metadata& metadata);
/// Bytes of all values and header names.
[[nodiscard]] std::size_t byte_size(const Metadata& metadata) noexcept;

}  // namespace annals
