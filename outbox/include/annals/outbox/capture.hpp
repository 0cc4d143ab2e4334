#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace annals::outbox {

/// Which changes of a table become messages, and how: a table of any service, which knows nothing of Annals. A value.
///
/// A change of a row is a message with the row's key and a payload in JSON:
///     {"operation":"update","table":"shop.orders","before":null,"after":{"id":7,"total":"9.50"},
///      "transaction":{"lsn":"0/1B2F3D8","xid":742,"change":1}}
/// docs/relay.md says how values are written, and what of a row the server does not tell.
struct Capture {
  /// "schema.table", or "schema.*": all tables of the schema that the publication has and no other capture names.
  std::string table;
  /// {schema} and {table} in it stand for the table's; in these, whatever no topic's name may have is written '_'.
  std::string topic;
  /// Columns that make the message's key, in this order. Empty: those of the replica identity, or of the primary key where the
  /// identity is FULL.
  std::vector<std::string> key = {};

  /// A row whose key changes is one that is deleted and one that is inserted.
  struct Operations {
    bool inserts = true;
    bool updates = true;
    bool deletes = true;
    bool truncates = true;  ///< a message without key
    bool operator==(const Operations&) const = default;
  } operations = {};
  /// What CloudEvents call the type; {operation} is inserted, updated, deleted or truncated.
  std::string type = "{table}.{operation}";
  /// A row that is deleted is followed by a record without value, by which a compacted topic forgets the key.
  bool tombstones = true;
  /// Updates and deletes carry the row as it was: needs REPLICA IDENTITY FULL, which has the server log it.
  bool before = false;
  /// Columns that messages have, or have not; one of the two. Key columns are told whether they are included or not, and cannot be
  /// excluded. At a table without a column that is excluded the relay halts: it may be called otherwise now.
  std::vector<std::string> include = {};
  std::vector<std::string> exclude = {};

  bool operator==(const Capture&) const = default;
};

/// Throws Error{invalid} that names the capture: a table or topic that cannot be meant, two of one table, no operation, columns both
/// included and excluded, or excluded and in the key.
void require_valid(const std::vector<Capture>& captures);

/// The one that holds for a table: that which names it, else that of its schema; null: none does.
[[nodiscard]] const Capture* find_capture(const std::vector<Capture>& captures, std::string_view schema,
                                          std::string_view table) noexcept;

}  // namespace annals::outbox
