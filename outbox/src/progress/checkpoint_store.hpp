#pragma once
#include <cstdint>
#include <string>

#include "annals/outbox/relay.hpp"
#include "annals/postgres/cluster_identity.hpp"

namespace annals::postgres {
class Connection;
}

namespace annals::outbox {

/// The row of relay_checkpoints of one relay. To be used only while the relay's lock is held, through the connection
/// that holds it: when that session ends, so does the way to write.
class CheckpointStore {
 public:
  CheckpointStore(postgres::Connection& connection, const std::string& schema, RelayTable table, std::string relay);

  /// Reads the checkpoint, made with position 0 when there is none. Throws Error{corrupt} when it belongs to another
  /// database, or the log at hand is not the one it was made for.
  std::int64_t load();
  /// Records that everything up to `position` is delivered. Throws Error{corrupt} when another program wrote it
  /// meanwhile.
  void save(std::int64_t position);
  [[nodiscard]] std::int64_t saved() const noexcept { return saved_; }

 private:
  [[noreturn]] void refuse(const std::string& what) const;
  postgres::Connection& connection_;
  std::string relay_;
  std::string log_;
  std::string create_sql_;
  std::string load_sql_;
  std::string save_sql_;
  postgres::ClusterIdentity cluster_;
  std::int64_t saved_ = 0;
};

}  // namespace annals::outbox
