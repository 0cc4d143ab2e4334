#include "inbox/inbox_tables.hpp"

#include "annals/core/assert.hpp"
#include "annals/postgres/array_literal.hpp"
#include "annals/postgres/sql_text.hpp"
#include "annals_projections_sql.hpp"

namespace annals::projections {

using postgres::ArrayLiteral;
using postgres::render;

namespace {

/// One column of an array parameter.
template <class Range, class Text>
std::string column(const Range& rows, Text text_of) {
  ArrayLiteral out;
  for (const auto& row : rows) out.add(text_of(row));
  return std::move(out).finish();
}

std::string topics_of(const InboxTables::Offsets& offsets) {
  return column(offsets, [](const auto& row) { return row.first.first; });
}

std::string numbers_of(const InboxTables::Offsets& offsets) {
  return column(offsets, [](const auto& row) { return std::to_string(row.first.second); });
}

}  // namespace

InboxTables::InboxTables(const std::string& schema, std::string consumer)
    : consumer_(std::move(consumer)),
      offsets_create_("inbox_create", render(sql::offsets_create, schema)),
      offsets_list_("inbox_list", render(sql::offsets_list, schema)),
      offsets_lock_("inbox_lock", render(sql::offsets_lock, schema)),
      offsets_move_("inbox_move", render(sql::offsets_move, schema)),
      messages_known_("inbox_known", render(sql::messages_known, schema)),
      messages_record_("inbox_record", render(sql::messages_record, schema)),
      messages_prune_("inbox_prune", render(sql::messages_prune, schema)) {}

std::vector<InboxTables::Listed> InboxTables::list(pqxx::transaction_base& tx, const std::string& topic) const {
  std::vector<Listed> out;
  for (const auto& row : offsets_list_.exec(tx, params().text(topic))) {
    out.push_back({row[0].as<std::int32_t>(), row[1].as<std::int64_t>(), row[2].as<std::string>(), row[3].as<bool>()});
  }
  return out;
}

void InboxTables::create(pqxx::transaction_base& tx, const std::string& origin, const std::string& topic,
                         const std::map<std::int32_t, std::int64_t>& starts) const {
  const auto numbers = column(starts, [](const auto& start) { return std::to_string(start.first); });
  const auto nexts = column(starts, [](const auto& start) { return std::to_string(start.second); });
  offsets_create_.exec(tx, params().text(topic).text(origin).text(numbers).text(nexts));
}

void InboxTables::lock(pqxx::transaction_base& tx, Offsets& offsets) const {
  const auto rows = offsets_lock_.exec(tx, params().text(topics_of(offsets)).text(numbers_of(offsets)));
  for (const auto& row : rows) {
    auto& place = offsets.at({row[0].as<std::string>(), row[1].as<std::int32_t>()});
    place = {row[2].as<std::int64_t>(), row[3].is_null() ? std::string{} : row[3].as<std::string>()};
  }
}

void InboxTables::move(pqxx::transaction_base& tx, const Offsets& offsets) const {
  const auto nexts = column(offsets, [](const auto& row) { return std::to_string(row.second.next); });
  const auto ids = column(offsets, [](const auto& row) { return row.second.last_id; });
  const auto moved =
      offsets_move_.exec(tx, params().text(topics_of(offsets)).text(numbers_of(offsets)).text(nexts).text(ids));
  ANNALS_ASSERT(static_cast<std::size_t>(moved.affected_rows()) == offsets.size());
}

/// Runs a statement that returns the ordinals of some of the messages.
std::vector<bool> InboxTables::ordinals(pqxx::transaction_base& tx, const postgres::PreparedStatement& statement,
                                        const std::vector<Message>& messages) const {
  std::vector<bool> out(messages.size(), false);
  if (messages.empty()) return out;
  const auto sources = column(messages, [](const auto& message) { return std::string{message.source}; });
  const auto ids = column(messages, [](const auto& message) { return std::string{message.id}; });
  for (const auto& row : statement.exec(tx, params().text(sources).text(ids)))
    out.at(row[0].as<std::size_t>() - 1) = true;
  return out;
}

std::vector<bool> InboxTables::record(pqxx::transaction_base& tx, const std::vector<Message>& messages) const {
  return ordinals(tx, messages_record_, messages);
}

std::vector<bool> InboxTables::known(pqxx::transaction_base& tx, const std::vector<Message>& messages) const {
  return ordinals(tx, messages_known_, messages);
}

std::size_t InboxTables::prune(pqxx::transaction_base& tx, Timestamp before, std::size_t rows_max) const {
  const auto gone =
      messages_prune_.exec(tx, params().text(format_timestamp(before)).integer(static_cast<std::int64_t>(rows_max)));
  return static_cast<std::size_t>(gone.affected_rows());
}

}  // namespace annals::projections
