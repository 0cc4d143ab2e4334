#pragma once
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
  std::vector<std::pair<std::string, std::string>> headers = {};  ///< free UTF-8 pairs, in order

  bool operator==(const Metadata&) const = default;
};

/// Throws Error{invalid} naming the member that is too long, not UTF-8 or contains NUL.
void require_valid(const Metadata& metadata);

}  // namespace annals
