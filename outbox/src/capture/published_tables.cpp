#include "capture/published_tables.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "annals/core/error.hpp"
#include "annals/core/quote.hpp"
#include "annals/core/text.hpp"
#include "annals/postgres/connection.hpp"
#include "annals_outbox_sql.hpp"
#include "capture/captured_table.hpp"

namespace annals::outbox {

using postgres::Connection;
using postgres::Params;

namespace {

using TableName = std::pair<std::string, std::string>;

struct Column {
  std::string name;
  bool primary = false;
  bool logged = false;  ///< of a row that is updated or deleted
  std::string not_by;   ///< a partition that does not log it, as SQL has it
};
struct Table {
  char identity = 'd';
  std::vector<Column> columns;
};
using Tables = std::map<TableName, Table>;

Error not_ready(const std::string& message, const std::string& hint) {
  return Error{ErrorKind::not_ready, message, {.hint = hint}};
}

std::string plain(const TableName& table) {
  return fmt::format("{}.{}", printable(table.first), printable(table.second));
}

TableName split(const Capture& capture) {
  const auto dot = capture.table.find('.');
  return {capture.table.substr(0, dot), capture.table.substr(dot + 1)};
}

Tables read_tables(Connection& connection, const std::string& publication) {
  const auto rows = connection.query(std::string{sql::published_columns}, Params{}.text(publication));
  Tables tables;
  for (int row = 0; row < rows.rows(); ++row) {
    auto& table = tables[{rows.text(row, 0), rows.text(row, 1)}];
    table.identity = rows.bytes(row, 2).front();
    table.columns.push_back({.name = rows.text(row, 3),
                             .primary = rows.boolean(row, 4),
                             .logged = rows.boolean(row, 5),
                             .not_by = rows.is_null(row, 6) ? "" : rows.text(row, 6)});
  }
  return tables;
}

/// The tables that a capture names, as they are in the database.
struct Named {
  std::string tables;      ///< as SQL has them
  bool has_parts = false;  ///< one of them is in partitions
  TableNames now = {};
};
Named read_named(Connection& connection, const Capture& capture) {
  const auto [schema, table] = split(capture);
  const auto rows = connection.query(std::string{sql::tables_named}, Params{}.text(schema).text(table));
  if (rows.empty()) {
    throw not_ready(fmt::format("there is no table {}, which is to be captured", printable(capture.table)),
                    "mend the name in the capture, or wait for the table to be made");
  }
  Named named;
  for (int row = 0; row < rows.rows(); ++row) {
    named.tables += fmt::format("{}{}.{}", row == 0 ? "" : ", ", quote_sql_identifier(schema),
                                quote_sql_identifier(rows.text(row, 0)));
    named.has_parts = named.has_parts || rows.boolean(row, 1);
    named.now.emplace(static_cast<std::uint32_t>(rows.bigint(row, 2)), TableName{schema, rows.text(row, 0)});
  }
  return named;
}

/// What the captures need beside tables.
struct Operations {
  bool inserts = false;
  bool updates = false;
  bool deletes = false;
  bool truncates = false;
};

Operations needed(const std::vector<Capture>& captures) {
  Operations all;
  for (const auto& capture : captures) {
    const auto& operations = capture.operations;
    all.inserts = all.inserts || operations.inserts;
    all.updates = all.updates || operations.updates;
    all.deletes = all.deletes || operations.deletes;
    all.truncates = all.truncates || operations.truncates;
  }
  // A row whose key changes is one that is deleted and one that is inserted; the server tells it as an update.
  all.updates = all.updates || all.deletes;
  return all;
}

std::string to_text(const Operations& operations) {
  std::vector<std::string_view> words;
  words.reserve(4);
  if (operations.inserts) words.emplace_back("insert");
  if (operations.updates) words.emplace_back("update");
  if (operations.deletes) words.emplace_back("delete");
  if (operations.truncates) words.emplace_back("truncate");
  return fmt::format("{}", fmt::join(words, ", "));
}

class PublicationCheck {
 public:
  PublicationCheck(Connection& connection, std::string publication, const std::vector<Capture>& captures,
                   Excluded excluded)
      : connection_(connection), publication_(std::move(publication)), captures_(captures), excluded_(excluded) {}

  TableNames run() {
    std::vector<Named> named;
    named.reserve(captures_.size());
    for (const auto& capture : captures_) named.push_back(read_named(connection_, capture));
    require_operations(named);
    const auto tables = read_tables(connection_, publication_);
    require_tables(tables, named);
    for (const auto& [name, table] : tables) {
      if (const auto* capture = find_capture(captures_, name.first, name.second))
        require_columns(*capture, name, table);
    }
    TableNames now;
    for (auto& one : named) now.merge(one.now);
    return now;
  }

 private:
  void require_operations(const std::vector<Named>& named) {
    const auto row = connection_.query(std::string{sql::publication_of_changes}, Params{}.text(publication_));
    const auto wanted = needed(captures_);
    if (row.empty()) {
      std::vector<std::string_view> tables;
      tables.reserve(named.size());
      for (const auto& one : named) tables.emplace_back(one.tables);
      throw not_ready(
          fmt::format("there is no publication \"{}\" of the tables to be captured", publication_),
          fmt::format("as their owner, who needs CREATE on the database, when each has a primary key or another "
                      "REPLICA IDENTITY: CREATE PUBLICATION {} FOR TABLE {} WITH (publish = '{}', "
                      "publish_via_partition_root = true)",
                      publication_, fmt::join(tables, ", "), to_text(wanted)));
    }
    tells_roots_ = row.boolean(0, 4);
    const bool has_all = (row.boolean(0, 0) || !wanted.inserts) && (row.boolean(0, 1) || !wanted.updates) &&
                         (row.boolean(0, 2) || !wanted.deletes) && (row.boolean(0, 3) || !wanted.truncates);
    if (has_all) return;
    throw not_ready(
        fmt::format("publication \"{}\" does not have all operations that are captured", publication_),
        fmt::format("as its owner: ALTER PUBLICATION {} SET (publish = '{}')", publication_,
                    to_text(Operations{row.boolean(0, 0) || wanted.inserts, row.boolean(0, 1) || wanted.updates,
                                       row.boolean(0, 2) || wanted.deletes, row.boolean(0, 3) || wanted.truncates})));
  }

  void require_tables(const Tables& tables, const std::vector<Named>& named) const {
    for (std::size_t i = 0; i < captures_.size(); ++i) {
      const auto name = split(captures_[i]);
      const bool found =
          name.second == "*"
              ? std::ranges::any_of(tables, [&](const auto& table) { return table.first.first == name.first; })
              : tables.contains(name);
      if (found) continue;
      if (named[i].has_parts && !tells_roots_) {
        throw not_ready(
            fmt::format("publication \"{}\" tells changes of table {}, which is to be captured, as those of its "
                        "partitions",
                        publication_, printable(captures_[i].table)),
            fmt::format("as its owner: ALTER PUBLICATION {} SET (publish_via_partition_root = true)", publication_));
      }
      throw not_ready(
          fmt::format("publication \"{}\" does not have table {}, which is to be captured", publication_,
                      printable(captures_[i].table)),
          fmt::format("as the owner of both: ALTER PUBLICATION {} ADD TABLE {}", publication_, named[i].tables));
    }
  }

  void require_columns(const Capture& capture, const TableName& name, const Table& table) const {
    const auto identity = identity_remedy(name.first, name.second);
    for (const auto* names : {&capture.key, &capture.include, &capture.exclude}) {
      if (names == &capture.exclude && excluded_ == Excluded::may_be_gone) continue;
      for (const auto& column : *names) {
        if (std::ranges::find(table.columns, column, &Column::name) != table.columns.end()) continue;
        throw not_ready(
            fmt::format("table {} has no column \"{}\", which its capture names", plain(name), printable(column)),
            "mend the capture, or wait for the column to be there");
      }
    }
    const bool rows_change = capture.operations.updates || capture.operations.deletes;
    const auto is_key = [&](const Column& column) {
      if (!capture.key.empty()) return std::ranges::find(capture.key, column.name) != capture.key.end();
      return table.identity == 'f' ? column.primary : column.logged;
    };
    if (std::ranges::none_of(table.columns, is_key)) {
      throw not_ready(fmt::format("table {} has no primary key, and its capture names no key", plain(name)),
                      fmt::format("name the columns of a key in the capture, and {}", identity));
    }
    for (const auto& column : table.columns) {
      if (!is_key(column) || std::ranges::find(capture.exclude, column.name) == capture.exclude.end()) continue;
      throw not_ready(fmt::format("column \"{}\" of table {} is excluded, and in the key of its messages",
                                  printable(column.name), plain(name)),
                      "name other columns in the capture's key, or take it out of exclude");
    }
    const auto untold = std::ranges::find_if(
        table.columns, [&](const Column& column) { return rows_change && is_key(column) && !column.logged; });
    if (untold != table.columns.end()) {
      throw not_ready(
          fmt::format("column \"{}\" of table {} is in the key of its messages, and not in what the server logs of "
                      "rows that are "
                      "updated or deleted",
                      printable(untold->name), plain(name)),
          fmt::format("{}; or REPLICA IDENTITY USING a unique INDEX that has it", identity));
    }
    if (rows_change) require_partitions(name, table);
    if (capture.before && rows_change && table.identity != 'f') {
      throw not_ready(
          fmt::format("the server does not log rows of table {} as they were before, which its capture wants",
                      plain(name)),
          fmt::format("{}; or leave before = true out of the capture", identity));
    }
  }

  /// What a partition does not log comes as NULL, as if it had been.
  static void require_partitions(const TableName& name, const Table& table) {
    const auto found =
        std::ranges::find_if(table.columns, [](const auto& column) { return column.logged && !column.not_by.empty(); });
    if (found == table.columns.end()) return;
    throw not_ready(
        fmt::format("partition {} of table {} does not log column \"{}\" of rows that are updated or deleted, "
                    "as its table says it does",
                    printable(found->not_by), plain(name), printable(found->name)),
        fmt::format("as the table's owner: ALTER TABLE {} REPLICA IDENTITY FULL; so for each partition, and "
                    "for a new one before it is attached",
                    found->not_by));
  }

  Connection& connection_;
  std::string publication_;
  const std::vector<Capture>& captures_;
  Excluded excluded_;
  bool tells_roots_ = false;  // of partitions: publish_via_partition_root
};

}  // namespace

TableNames require_published(Connection& connection, const std::string& publication,
                             const std::vector<Capture>& captures, Excluded excluded) {
  return PublicationCheck{connection, publication, captures, excluded}.run();
}

std::vector<std::string> read_primary_key(Connection& connection, std::uint32_t table) {
  const auto rows = connection.query(std::string{sql::primary_key}, Params{}.bigint(table));
  std::vector<std::string> names;
  names.reserve(static_cast<std::size_t>(rows.rows()));
  for (int row = 0; row < rows.rows(); ++row) names.push_back(rows.text(row, 0));
  return names;
}

}  // namespace annals::outbox
