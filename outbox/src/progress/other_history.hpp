#pragma once
#include <optional>
#include <string>

#include "annals/postgres/cluster_identity.hpp"

namespace annals::outbox {

/// Why a checkpoint is none of this history.
struct OtherHistory {
  bool is_of_cluster = false;  ///< of another timeline otherwise
  std::string what;            ///< for people, as "checkpoint … of relay … {what}"
};

/// Nothing: the history goes on, on the timeline that it was made on or on the one that was accepted (RelayOptions::accept_timeline).
[[nodiscard]] std::optional<OtherHistory> other_history(const postgres::ClusterIdentity& made_in,
                                                        const postgres::ClusterIdentity& here,
                                                        const std::string& accept_timeline);

}  // namespace annals::outbox
