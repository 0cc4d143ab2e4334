#pragma once
#include <string>
#include <string_view>

#include "annals/core/error.hpp"
#include "annals/outbox/message_source.hpp"
#include "annals/postgres/cluster_identity.hpp"
#include "annals/postgres/message_log.hpp"
#include "wal/wal_cursor.hpp"
#include "wal/wal_slot.hpp"

namespace annals::outbox {

/// Where a run of the changes begins. There is no table to fall back on: what the slot does not have is not to be had.
///
/// Thread safety  none. Ownership: borrows connection and log.
/// Errors         those of WalSlot; Error{corrupt}: the cursor is of another history, or the slot does not have what follows it.
class ChangeOrigin {
 public:
  ChangeOrigin(postgres::Connection& connection, const postgres::MessageLog& log, std::string relay,
               std::string accept_timeline);

  /// The cursor of a place to begin at, with the slot made; see MessageSource::first().
  [[nodiscard]] Cursor first(const Start& start);
  /// What the cursor says, with the slot found, or made where nothing is lost by that.
  [[nodiscard]] WalCursor begin(const Cursor& after);
  /// Known after either.
  [[nodiscard]] const std::string& slot() const noexcept { return slot_.name(); }
  /// That the slot has changes from before its publication was made anew, which the server gives to nobody.
  [[nodiscard]] Error unpublished(std::string_view why) const;
  [[nodiscard]] const postgres::ClusterIdentity& cluster() const noexcept { return cluster_; }

 private:
  [[nodiscard]] WalSlot::Opened failed_over(const WalCursor& cursor);
  void require_same_history(const WalCursor& cursor) const;
  [[noreturn]] void refuse(const WalCursor& cursor, const std::string& what, const std::string& hint) const;

  postgres::Connection& connection_;
  const postgres::MessageLog& log_;
  std::string relay_;
  std::string accept_timeline_;
  postgres::ClusterIdentity cluster_;
  WalSlot slot_;
};

}  // namespace annals::outbox
