// Which messages a change is.
//
//   INSERT                      inserted
//   UPDATE                      updated; where the key changes: deleted, a tombstone and inserted, so that whoever keeps a state for each
//                               key has nothing left under the old one
//   DELETE                      deleted, and a tombstone
//   TRUNCATE                    truncated, of each table, without a key: it is of no row, and each partition has some
//
// What the server tells of a row. Of an insert, all of it. Of an update, all but values that are long (TOAST) and were not touched:
// these are named in "unchanged", and not made up. Of the row before, nothing, unless the key has changed, and then the columns of the
// replica identity; REPLICA IDENTITY FULL has the server log all of the row before, so that nothing is missing in either. Of a delete, the
// columns of the replica identity, or with FULL all.
#include "capture/change_messages.hpp"

#include <fmt/format.h>

#include <optional>

#include "annals/core/error.hpp"
#include "annals/core/text.hpp"
#include "annals/json/string.hpp"

namespace annals::outbox {
namespace {

using Operation = CapturedTable::Operation;
using Row = CapturedTable::Row;

/// A payload, member by member.
class Payload {
 public:
  Payload(const CapturedTable& table, std::string_view operation) {
    text_ = fmt::format(R"({{"operation":"{}","table":)", operation);
    json::append_string(text_, table.name());
  }
  /// What follows is appended to what it returns.
  std::string& member(std::string_view name) {
    text_ += ",\"";
    text_ += name;
    text_ += "\":";
    return text_;
  }
  std::string finish(const ChangeMessages::Where& where) && {
    fmt::format_to(std::back_inserter(text_), R"(,"transaction":{{"lsn":"{}","xid":{},"change":{}}}}})",
                   to_string(where.transaction.commit), where.transaction.xid, where.change);
    return std::move(text_);
  }

 private:
  std::string text_;
};

/// The messages of one change.
class Change {
 public:
  Change(const CapturedTable& table, const ChangeMessages::Where& where) : table_(table), where_(where) {}

  void inserted(const Row& row, const Row* before) {
    if (!table_.capture().operations.inserts) return;
    Payload payload{table_, "insert"};
    payload.member("before") += "null";
    append_after(payload, row, before);
    add(Operation::inserted, table_.key(row, before), std::move(payload).finish(where_));
  }
  void updated(const Row& row, const Row* before) {
    if (!table_.capture().operations.updates) return;
    Payload payload{table_, "update"};
    append_before(payload, before, Otherwise::null);
    append_after(payload, row, before);
    add(Operation::updated, table_.key(row, before), std::move(payload).finish(where_));
  }
  void deleted(const Row& before) {
    if (!table_.capture().operations.deletes) return;
    Payload payload{table_, "delete"};
    append_before(payload, &before, Otherwise::key);
    payload.member("after") += "null";
    auto key = table_.key(before, nullptr);
    add(Operation::deleted, key, std::move(payload).finish(where_));
    if (table_.capture().tombstones) add(Operation::deleted, std::move(key), {});
  }
  void truncated() {
    if (!table_.capture().operations.truncates) return;
    Payload payload{table_, "truncate"};
    payload.member("before") += "null";
    payload.member("after") += "null";
    add(Operation::truncated, {}, std::move(payload).finish(where_));
  }
  std::vector<ChangeMessage> take() { return std::move(messages_); }

 private:
  /// What stands for the row before where that is not wanted, or not all of it is known.
  enum class Otherwise { null, key };

  void append_before(Payload& payload, const Row* before, Otherwise otherwise) {
    auto& out = payload.member("before");
    std::string unchanged;
    if (before != nullptr && table_.capture().before && table_.has_rows_before()) {
      table_.append_row(out, *before, nullptr, unchanged);
    } else if (before != nullptr && otherwise == Otherwise::key) {
      table_.append_key(out, *before);
    } else {
      out += "null";
    }
  }
  /// What the row before has, and this one not, is known with REPLICA IDENTITY FULL only: else it has the key, and NULLs.
  void append_after(Payload& payload, const Row& row, const Row* before) {
    std::string unchanged;
    table_.append_row(payload.member("after"), row, table_.has_rows_before() ? before : nullptr, unchanged);
    if (!unchanged.empty()) payload.member("unchanged") += fmt::format("[{}]", unchanged);
  }
  void add(Operation operation, std::string key, std::string payload) {
    messages_.push_back({.topic = table_.topic(),
                         .key = std::move(key),
                         .type = table_.type(operation),
                         .payload = std::move(payload),
                         .fault = {}});
  }

  const CapturedTable& table_;
  const ChangeMessages::Where& where_;
  std::vector<ChangeMessage> messages_;
};

/// Captures go by names: under the new one there is none, and what changes would be passed over in silence.
ChangeMessage::Fault renamed(std::string_view before, std::string_view now) {
  return {.reason = fmt::format("table {}, which is captured, is called {} now", printable(before), printable(now)),
          .hint = "capture it by its new name, or have it taken out of the publication"};
}

ChangeMessage fault_of(ChangeMessage::Fault fault) {
  return {.topic = {}, .key = {}, .type = {}, .payload = {}, .fault = std::move(fault)};
}

/// Each partition has a replica identity of its own, and the protocol tells that of the table.
ChangeMessage partition_of(const CapturedTable& table) {
  return fault_of(
      {.reason = fmt::format("a row of table {} was updated in a partition that does not log rows as they were "
                             "before, as its table says it does",
                             printable(table.name())),
       .hint = "as the table's owner: ALTER TABLE … REPLICA IDENTITY FULL for each partition"});
}

}  // namespace

void ChangeMessages::learn(const pgoutput::Type& type) {
  // A domain is told by the type that it is made of; PostgreSQL's own schema has no name in the protocol.
  if (type.schema.empty()) domains_[type.id] = value_form(type.name);
}

void ChangeMessages::learn(const pgoutput::Relation& relation) {
  tables_.erase(relation.id);
  misfits_.erase(relation.id);
  const auto name = fmt::format("{}.{}", relation.schema, relation.name);
  if (const auto* capture = find_capture(captures_, relation.schema, relation.name)) {
    names_.insert_or_assign(relation.id, name);
    take(*capture, relation);
  } else if (const auto known = names_.find(relation.id); known != names_.end()) {
    misfits_.insert_or_assign(relation.id, renamed(known->second, name));
  } else if (const auto* later = find_by_name_of_now(relation.id)) {
    take(*later, relation);
  }
}

const Capture* ChangeMessages::find_by_name_of_now(std::uint32_t relation) const {
  const auto found = now_.find(relation);
  return found == now_.end() ? nullptr : find_capture(captures_, found->second.first, found->second.second);
}

void ChangeMessages::take(const Capture& capture, const pgoutput::Relation& relation) {
  try {
    tables_.emplace(relation.id, describe(capture, relation));
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::invalid) throw;
    misfits_.insert_or_assign(relation.id, ChangeMessage::Fault{error.message(), error.hint()});
  }
}

CapturedTable ChangeMessages::describe(const Capture& capture, const pgoutput::Relation& relation) const {
  std::vector<ValueForm> forms;
  forms.reserve(relation.columns.size());
  for (const auto& column : relation.columns) {
    const auto domain = domains_.find(column.type);
    forms.push_back(domain == domains_.end() ? value_form(column.type) : domain->second);
  }
  const bool asks = relation.replica_identity == 'f' && capture.key.empty();
  const auto primary_key = asks ? primary_key_(relation.id) : std::vector<std::string>{};
  return CapturedTable{
      {.capture = capture, .relation = relation, .forms = std::move(forms), .primary_key = primary_key}};
}

void ChangeMessages::forget() noexcept {
  domains_.clear();
  tables_.clear();
  misfits_.clear();
  names_.clear();
}

const CapturedTable* ChangeMessages::find(std::uint32_t relation) const {
  const auto found = tables_.find(relation);
  return found == tables_.end() ? nullptr : &found->second;
}

/// Of a table that is not to be found: none, if it is not captured.
std::vector<ChangeMessage> ChangeMessages::faults_of(std::uint32_t relation) const {
  const auto found = misfits_.find(relation);
  if (found == misfits_.end()) return {};
  return {fault_of(found->second)};
}

std::vector<ChangeMessage> ChangeMessages::of(const pgoutput::Insert& insert, const Where& where) const {
  const auto* table = find(insert.relation);
  if (table == nullptr) return faults_of(insert.relation);
  Change change{*table, where};
  change.inserted(table->row(insert.row), nullptr);
  return change.take();
}

std::vector<ChangeMessage> ChangeMessages::of(const pgoutput::Update& update, const Where& where) const {
  const auto* table = find(update.relation);
  if (table == nullptr) return faults_of(update.relation);
  if (table->has_rows_before() && !update.old && table->capture().operations.updates) return {partition_of(*table)};
  const auto row = table->row(update.row);
  std::optional<Row> before;
  if (update.old || update.key) before = table->row(update.old ? *update.old : *update.key);
  const auto* known = before ? &*before : nullptr;
  Change change{*table, where};
  if (before && table->has_keys_before() && table->key(*before, nullptr) != table->key(row, known)) {
    change.deleted(*before);
    change.inserted(row, known);
  } else {
    change.updated(row, known);
  }
  return change.take();
}

std::vector<ChangeMessage> ChangeMessages::of(const pgoutput::Delete& removal, const Where& where) const {
  const auto* table = find(removal.relation);
  if (table == nullptr) return faults_of(removal.relation);
  Change change{*table, where};
  change.deleted(table->row(removal.old ? *removal.old : *removal.key));
  return change.take();
}

std::vector<ChangeMessage> ChangeMessages::of_truncate(std::uint32_t relation, const Where& where) const {
  const auto* table = find(relation);
  if (table == nullptr) return faults_of(relation);
  Change change{*table, where};
  change.truncated();
  return change.take();
}

}  // namespace annals::outbox
