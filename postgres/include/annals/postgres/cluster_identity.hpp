#pragma once
#include <string>

namespace annals::postgres {

class Connection;

/// Which database cluster this is, so that a checkpoint is never applied to another history.
struct ClusterIdentity {
  std::string system_identifier;  ///< made by initdb; kept by physical copies, changed by dump and restore
  std::string timeline;           ///< changes at each promotion or point-in-time recovery

  bool operator==(const ClusterIdentity&) const = default;
};

[[nodiscard]] ClusterIdentity read_cluster_identity(Connection& connection);

}  // namespace annals::postgres
