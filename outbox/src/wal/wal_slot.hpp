#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "annals/postgres/message_log.hpp"
#include "annals/postgres/replication/lsn.hpp"

namespace annals::postgres {
class Connection;
}

namespace annals::outbox {

/// The first PostgreSQL whose pgoutput gives values in binary form, as rows of a MessageLog are read: 14.
inline constexpr int mined_version_min = 14'00'00;

/// The slot of a relay and a log: while it is there, the server keeps the write-ahead log that the relay has not confirmed. Its
/// name is made of both and of the database, for slots are the cluster's.
[[nodiscard]] std::string wal_slot_name(const postgres::MessageLog& log, std::string_view relay,
                                        std::string_view database);
/// The same of the session's database.
[[nodiscard]] std::string wal_slot_name(postgres::Connection& connection, const postgres::MessageLog& log,
                                        std::string_view relay);

/// A slot as the server lists it, whoever's it is.
struct SlotFacts {
  std::string plugin;
  std::string database;
  bool active = false;      ///< somebody reads it
  postgres::Lsn confirmed;  ///< what ended before comes no more
  std::string wal_status;
  std::int64_t retained_bytes = 0;  ///< of the log, for its sake

  /// What it needed is gone: it is good for nothing.
  [[nodiscard]] bool is_lost() const noexcept { return wal_status == "lost"; }
};
/// Any role may look. Throws what Connection::query() throws.
[[nodiscard]] std::optional<SlotFacts> find_slot(postgres::Connection& connection, std::string_view name);

/// For a log that is in no table, when the slot does not have what follows the checkpoint; an empty name: there is no slot to drop.
[[nodiscard]] std::string begin_anew_remedy(const postgres::MessageLog& log, std::string_view relay,
                                            std::string_view slot);

/// Makes the slot where there is none, and says what is wrong with the one that is there.
///
/// Thread safety  none. Ownership: borrows connection and log.
/// Errors         each with its remedy: Error{not_ready}: PostgreSQL 13, wal_level, the publication, REPLICATION, the slot is lost or
///                somebody else's; Error{corrupt}: it is lost, and no table has what it had; Error{overloaded}: no slot is free, another
///                session reads it, or a transaction that is still open keeps it from being made.
class WalSlot {
 public:
  WalSlot(postgres::Connection& connection, const postgres::MessageLog& log, std::string relay);

  struct Opened {
    postgres::Lsn confirmed;  ///< what ended before comes no more
    bool created = false;
  };
  [[nodiscard]] Opened open();
  /// The same, and makes none.
  [[nodiscard]] std::optional<Opened> find();
  /// The same, and makes a new one in the place of one of this relay that is lost.
  [[nodiscard]] Opened open_anew();
  /// Known after each of them.
  [[nodiscard]] const std::string& name() const noexcept { return name_; }

 private:
  [[nodiscard]] bool drop_lost();
  void require_server();
  void require_readable(const SlotFacts& slot) const;
  [[noreturn]] void require_table() const;
  [[nodiscard]] postgres::Lsn create();

  postgres::Connection& connection_;
  const postgres::MessageLog& log_;
  std::string relay_;
  std::string database_;
  std::string name_;
};

}  // namespace annals::outbox
