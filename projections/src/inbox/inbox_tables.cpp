#include "inbox/inbox_tables.hpp"

#include "annals/core/assert.hpp"
#include "annals/postgres/array_literal.hpp"
#include "annals/postgres/sql_text.hpp"
#include "annals_projections_sql.hpp"

namespace annals::projections {

using postgres::ArrayLiteral;
using postgres::render;

namespace {

std::string topics_of(const InboxTables::Offsets& offsets) {
  ArrayLiteral out;
  for (const auto& [partition, next] : offsets) out.add(partition.first);
  return std::move(out).finish();
}

std::string numbers_of(const InboxTables::Offsets& offsets) {
  ArrayLiteral out;
  for (const auto& [partition, next] : offsets) out.add(std::to_string(partition.second));
  return std::move(out).finish();
}

std::string nexts_of(const InboxTables::Offsets& offsets) {
  ArrayLiteral out;
  for (const auto& [partition, next] : offsets) out.add(std::to_string(next));
  return std::move(out).finish();
}

}  // namespace

InboxTables::InboxTables(const std::string& schema, std::string consumer)
    : consumer_(std::move(consumer)),
      offsets_create_("inbox_create", render(sql::offsets_create, schema)),
      offsets_lock_("inbox_lock", render(sql::offsets_lock, schema)),
      offsets_move_("inbox_move", render(sql::offsets_move, schema)),
      messages_record_("inbox_record", render(sql::messages_record, schema)),
      messages_prune_("inbox_prune", render(sql::messages_prune, schema)) {}

void InboxTables::lock(pqxx::transaction_base& tx, Offsets& offsets) const {
  const auto partitions = params().text(topics_of(offsets)).text(numbers_of(offsets));
  auto rows = offsets_lock_.exec(tx, partitions);
  if (static_cast<std::size_t>(rows.size()) < offsets.size()) {
    offsets_create_.exec(tx, partitions);
    rows = offsets_lock_.exec(tx, partitions);
  }
  ANNALS_ASSERT(static_cast<std::size_t>(rows.size()) == offsets.size());
  for (const auto& row : rows) {
    offsets.at({row[0].as<std::string>(), row[1].as<std::int32_t>()}) = row[2].as<std::int64_t>();
  }
}

std::vector<bool> InboxTables::record(pqxx::transaction_base& tx, const std::vector<Message>& messages) const {
  std::vector<bool> fresh(messages.size(), false);
  if (messages.empty()) return fresh;
  ArrayLiteral sources;
  ArrayLiteral ids;
  for (const auto& message : messages) {
    sources.add(message.source);
    ids.add(message.id);
  }
  const auto rows = messages_record_.exec(tx, params().text(std::move(sources).finish()).text(std::move(ids).finish()));
  for (const auto& row : rows) fresh.at(row[0].as<std::size_t>() - 1) = true;
  return fresh;
}

void InboxTables::move(pqxx::transaction_base& tx, const Offsets& offsets) const {
  const auto moved =
      offsets_move_.exec(tx, params().text(topics_of(offsets)).text(numbers_of(offsets)).text(nexts_of(offsets)));
  ANNALS_ASSERT(static_cast<std::size_t>(moved.affected_rows()) == offsets.size());
}

std::size_t InboxTables::prune(pqxx::transaction_base& tx, Timestamp before, std::size_t rows_max) const {
  const auto gone =
      messages_prune_.exec(tx, params().text(format_timestamp(before)).integer(static_cast<std::int64_t>(rows_max)));
  return static_cast<std::size_t>(gone.affected_rows());
}

}  // namespace annals::projections
