#pragma once
#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

#include "annals/postgres/replication/lsn.hpp"

/// The messages of PostgreSQL's plugin pgoutput, protocol version 1 (PostgreSQL's manual, "Logical Replication Message
/// Formats"). No I/O; all texts are views into the bytes that were parsed.
namespace annals::outbox::pgoutput {

using postgres::Lsn;

/// A transaction begins; its changes follow, and then its Commit.
struct Begin {
  Lsn commit;             ///< where its commit record stands
  std::int64_t time = 0;  ///< of the commit, in microseconds since 2000-01-01
  std::uint32_t xid = 0;
};
struct Commit {
  Lsn commit;
  Lsn end;  ///< behind the commit record: up to here the slot may be moved when the transaction is done with
  std::int64_t time = 0;
};
struct Origin {
  Lsn commit;
  std::string_view name;
};
struct Column {
  std::string_view name;
  std::uint32_t type = 0;
  std::int32_t modifier = 0;
  bool key = false;
};
/// Comes before the first row of a table in a session, and again when the table has changed.
struct Relation {
  std::uint32_t id = 0;
  std::string_view schema;
  std::string_view name;
  char replica_identity = 0;
  std::vector<Column> columns = {};
};
struct Type {
  std::uint32_t id = 0;
  std::string_view schema;
  std::string_view name;
};
/// One value of a row.
struct Value {
  enum class Kind { null, unchanged, text, binary };
  Kind kind = Kind::null;
  std::string_view bytes = {};
  /// The same with its length before it, as COPY's binary form has it; empty when there is no value.
  std::string_view field = {};
};
/// The values of a row. parse() has checked that all of them are there.
class Tuple {
 public:
  Tuple() = default;
  Tuple(std::string_view bytes, std::size_t size) noexcept : bytes_(bytes), size_(size) {}
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  /// Calls visit(index, value) for each, in the order of the relation's columns.
  template <class Visit>
  void each(Visit visit) const {
    auto rest = bytes_;
    for (std::size_t i = 0; i < size_; ++i) visit(i, take_value(rest));
  }

 private:
  [[nodiscard]] static Value take_value(std::string_view& rest);
  std::string_view bytes_;
  std::size_t size_ = 0;
};
struct Insert {
  std::uint32_t relation = 0;
  Tuple row;
};
struct Update {
  std::uint32_t relation = 0;
  std::optional<Tuple> key = {};  ///< of the row before, when its key has changed
  std::optional<Tuple> old = {};  ///< the row before, with REPLICA IDENTITY FULL
  Tuple row;
};
struct Delete {
  std::uint32_t relation = 0;
  std::optional<Tuple> key = {};
  std::optional<Tuple> old = {};
};
struct Truncate {
  std::uint8_t options = 0;
  std::vector<std::uint32_t> relations = {};
};
/// What pg_logical_emit_message() wrote. One that is not transactional comes by itself, even from a transaction that is
/// rolled back.
struct Message {
  bool transactional = false;
  Lsn lsn;
  std::string_view prefix;
  std::string_view content;
};

using Change = std::variant<Begin, Commit, Origin, Relation, Type, Insert, Update, Delete, Truncate, Message>;

/// One message, all of its bytes. Throws Error{corrupt} for what is none, or is longer or shorter than it says.
[[nodiscard]] Change parse(std::string_view bytes);

}  // namespace annals::outbox::pgoutput
