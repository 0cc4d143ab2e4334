#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "annals/outbox/capture.hpp"
#include "capture/value_json.hpp"
#include "wal/pgoutput.hpp"

namespace annals::outbox {

/// One table as the server tells it before its first row and after each change of it, under the capture that holds for it: how its rows
/// become keys and JSON. A value; borrows the capture.
///
/// Errors         Error{invalid}: the capture and the table do not go together; Error{corrupt}: a row is not one of the table.
class CapturedTable {
 public:
  enum class Operation { inserted, updated, deleted, truncated };
  using Row = std::vector<pgoutput::Value>;
  struct Parts {
    const Capture& capture;
    const pgoutput::Relation& relation;
    std::vector<ValueForm> forms;                 ///< of its columns
    const std::vector<std::string>& primary_key;  ///< for REPLICA IDENTITY FULL; may be empty
  };
  explicit CapturedTable(const Parts& parts);

  [[nodiscard]] const Capture& capture() const noexcept { return *capture_; }
  [[nodiscard]] const std::string& name() const noexcept { return name_; }  ///< "schema.table"
  [[nodiscard]] const std::string& topic() const noexcept { return topic_; }
  [[nodiscard]] const std::string& type(Operation operation) const;

  /// The values of a row; views into it.
  [[nodiscard]] Row row(const pgoutput::Tuple& tuple) const;
  /// The message's key: the text of its column; of several, and where that is NULL or empty, a JSON array of their values. What
  /// did not change, and so was not told, is taken from the row before, which may be null.
  [[nodiscard]] std::string key(const Row& row, const Row* before) const;
  /// Appends a JSON object of the row. Names of columns whose value the server did not tell, because it is long and did not change, go to
  /// `unchanged`, as members of a JSON array.
  void append_row(std::string& out, const Row& row, const Row* before, std::string& unchanged) const;
  /// The same of the key's columns alone.
  void append_key(std::string& out, const Row& row) const;
  /// Rows before a change come as a whole (REPLICA IDENTITY FULL).
  [[nodiscard]] bool has_rows_before() const noexcept { return identity_ == 'f'; }
  /// Rows before a change come with all columns of the key; false only where neither updates nor deletes are captured.
  [[nodiscard]] bool has_keys_before() const noexcept { return has_keys_before_; }

 private:
  struct Column {
    std::string name;  ///< as a JSON string
    ValueForm form;
    bool shown = true;  ///< in payloads
  };
  void find_key(const Parts& parts);
  void require_key(const Parts& parts) const;
  void require_excluded(const Parts& parts) const;
  void append(std::string& out, std::size_t column, const pgoutput::Value& value) const;

  const Capture* capture_;
  char identity_;
  std::string name_;
  std::string topic_;
  std::vector<std::string> types_;  // by Operation
  std::vector<Column> columns_;
  std::vector<std::size_t> key_;  // columns
  bool has_keys_before_ = false;
};

/// Who does what to have the server log rows that are updated or deleted as a whole.
[[nodiscard]] std::string identity_remedy(std::string_view schema, std::string_view table);

}  // namespace annals::outbox
