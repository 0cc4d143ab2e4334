#pragma once
#include <variant>

#include "annals/core/expected_version.hpp"
#include "annals/core/global_position.hpp"
#include "annals/core/stream_version.hpp"

namespace annals::eventstore {

/// The events are in the stream (and committed, unless the transaction is the caller's).
struct Appended {
  StreamVersion version;         ///< of the last appended event: the new head
  GlobalPosition position;       ///< of the last appended event
  bool already_present = false;  ///< they had been appended before, by the same ids at the same versions
};

/// The stream was not at the expected version; nothing was appended and the transaction stays usable.
struct VersionConflict {
  ExpectedVersion expected;
  StreamVersion actual;  ///< 0 when the stream does not exist
};

using AppendResult = std::variant<Appended, VersionConflict>;

}  // namespace annals::eventstore
