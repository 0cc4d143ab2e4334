#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "annals/outbox/capture.hpp"
#include "capture/captured_table.hpp"
#include "capture/published_tables.hpp"
#include "capture/value_json.hpp"
#include "wal/pgoutput.hpp"

namespace annals::outbox {

/// One message of a change of a row.
struct ChangeMessage {
  std::string topic;
  std::string key;  ///< empty: none, of a truncation
  std::string type;
  std::string payload;  ///< JSON; empty: a tombstone
  /// Why it is none, and what mends it: its table does not go with its capture. The rest is empty, whatever the row has.
  struct Fault {
    std::string reason;
    std::string hint;
  };
  std::optional<Fault> fault = {};

  [[nodiscard]] bool is_tombstone() const noexcept { return payload.empty() && !fault; }
  [[nodiscard]] std::size_t byte_size() const noexcept { return key.size() + payload.size(); }
};

/// Changes of rows as pgoutput writes them, values as text, made messages by the captures. change_messages.cpp opens with which
/// message is which.
///
/// A change of a table that does not go with its capture, or that was renamed and so has none any more, is a message with a fault: what comes
/// before it is published, and nothing of its row is told.
///
/// Thread safety  none. Ownership: borrows the captures.
/// Errors         those of CapturedTable about rows.
class ChangeMessages {
 public:
  /// The columns of a table's primary key, by its oid; asked where REPLICA IDENTITY is FULL and the capture names no key.
  using PrimaryKey = std::function<std::vector<std::string>(std::uint32_t table)>;
  /// In which transaction, and which of its changes.
  struct Where {
    pgoutput::Begin transaction;
    std::uint32_t change = 0;
  };
  /// No change makes more messages.
  static constexpr std::uint32_t messages_max = 3;

  ChangeMessages(const std::vector<Capture>& captures, PrimaryKey primary_key)
      : captures_(captures), primary_key_(std::move(primary_key)) {}

  /// What is captured is called so now: rows from before a table was renamed are told by the old name, and are of the same capture.
  void know(TableNames names) { now_ = std::move(names); }
  void learn(const pgoutput::Type& type);
  void learn(const pgoutput::Relation& relation);
  void forget() noexcept;

  // Each gives the messages of one change, in their order; none when the table, or the operation, is not captured.
  [[nodiscard]] std::vector<ChangeMessage> of(const pgoutput::Insert& insert, const Where& where) const;
  [[nodiscard]] std::vector<ChangeMessage> of(const pgoutput::Update& update, const Where& where) const;
  [[nodiscard]] std::vector<ChangeMessage> of(const pgoutput::Delete& removal, const Where& where) const;
  /// Of one of its tables.
  [[nodiscard]] std::vector<ChangeMessage> of_truncate(std::uint32_t relation, const Where& where) const;

 private:
  [[nodiscard]] const CapturedTable* find(std::uint32_t relation) const;
  [[nodiscard]] std::vector<ChangeMessage> faults_of(std::uint32_t relation) const;
  [[nodiscard]] const Capture* find_by_name_of_now(std::uint32_t relation) const;
  void take(const Capture& capture, const pgoutput::Relation& relation);
  [[nodiscard]] CapturedTable describe(const Capture& capture, const pgoutput::Relation& relation) const;

  const std::vector<Capture>& captures_;
  PrimaryKey primary_key_;
  std::unordered_map<std::uint32_t, ValueForm> domains_;  // and other types that are not PostgreSQL's own
  std::unordered_map<std::uint32_t, CapturedTable> tables_;
  std::unordered_map<std::uint32_t, ChangeMessage::Fault> misfits_;
  std::unordered_map<std::uint32_t, std::string> names_;  // of those that had a capture by their name in this run
  TableNames now_;
};

}  // namespace annals::outbox
