#pragma once
#include <cstdint>
#include <string>

#include "annals/core/event_id.hpp"
#include "annals/core/global_position.hpp"
#include "annals/postgres/prepared_statement.hpp"
#include "annals/projections/status.hpp"

namespace annals::projections {

/// The row of a projection in `projections`, read and written in the transaction that writes the read model.
///
/// Thread safety: none. Errors: pqxx exceptions; Error{corrupt} from lock() and require_ours().
class Checkpoint {
 public:
  struct Row {
    GlobalPosition position;
    bool reset_requested = false;
    std::string system_identifier;
    std::string event_id;  ///< empty at position 0
  };

  /// `system_identifier` is of the cluster at hand.
  Checkpoint(ProjectionKey key, std::string system_identifier);

  /// Makes the row, at position 0, unless it is there.
  void create(pqxx::transaction_base& tx) const;
  /// Reads the row and keeps everybody else from moving it until the transaction ends.
  [[nodiscard]] Row lock(pqxx::transaction_base& tx) const;
  /// Throws unless the log at hand holds the event that the row stands on, and the row was made in this cluster. Not the
  /// timeline: log, read model and checkpoint are one database, and a fail-over sets all three back alike.
  void require_ours(pqxx::transaction_base& tx, const Row& row) const;
  void move(pqxx::transaction_base& tx, GlobalPosition position, const EventId& event) const;
  /// To position 0, of the cluster at hand.
  void reset(pqxx::transaction_base& tx) const;
  /// True when the row, as it is now, says what the owner believes: it stands at `position` and no reset is asked for.
  [[nodiscard]] bool stands_at(pqxx::transaction_base& tx, GlobalPosition position) const;

 private:
  [[nodiscard]] postgres::PqxxParams params() const;
  [[noreturn]] void refuse(const Row& row, const std::string& what, std::string hint) const;

  ProjectionKey key_;
  std::string system_identifier_;
  postgres::PreparedStatement create_;
  postgres::PreparedStatement lock_;
  postgres::PreparedStatement event_at_;
  postgres::PreparedStatement move_;
  postgres::PreparedStatement reset_;
  postgres::PreparedStatement peek_;
};

/// What the runner of a projection owns while it works.
[[nodiscard]] std::string lock_name_of(const std::string& schema, const std::string& name, int version);

}  // namespace annals::projections
