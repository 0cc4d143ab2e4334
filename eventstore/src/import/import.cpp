#include "import/import.hpp"

#include <fmt/format.h>

#include <map>
#include <set>
#include <string_view>
#include <vector>

#include "annals/core/error.hpp"
#include "annals/core/text.hpp"
#include "annals/postgres/array_literal.hpp"
#include "annals/postgres/error.hpp"
#include "append/append_statement.hpp"
#include "columns/encode.hpp"

namespace annals::eventstore {
namespace {

using Events = std::span<const ImportedEvent>;

std::string stream_names(const std::set<std::string_view>& names) {
  postgres::ArrayLiteral literal;
  for (const auto name : names) literal.add(name);
  return std::move(literal).finish();
}

struct Head {
  std::int64_t version = 0;
  bool touched = false;  ///< by this transaction: it counts as a stream of the import already
};
using Heads = std::map<std::string, Head, std::less<>>;

/// Locks the heads of all streams that exist.
Heads lock_heads(const Statements& statements, pqxx::transaction_base& tx, Events events) {
  std::set<std::string_view> names;
  for (const auto& event : events) names.insert(event.stream.view());
  Heads heads;
  const auto rows = statements.heads.exec(tx, postgres::PqxxParams{}.text(stream_names(names)));
  for (const auto& row : rows) {
    heads.emplace(row[0].as<std::string>(), Head{row[1].as<std::int64_t>(), row[2].as<bool>(false)});
  }
  return heads;
}

/// Those of `candidates` that the log holds at their version with their id and content.
std::set<const ImportedEvent*> find_present(const Statements& statements, pqxx::transaction_base& tx,
                                            const std::vector<const ImportedEvent*>& candidates) {
  std::set<const ImportedEvent*> present;
  if (candidates.empty()) return present;
  postgres::ArrayLiteral streams;
  postgres::ArrayLiteral versions;
  std::vector<const NewEvent*> events;
  for (const auto* event : candidates) {
    streams.add(event->stream.view());
    versions.add(std::to_string(event->version->value()));
    events.push_back(&event->event);
  }
  postgres::PqxxParams params;
  params.text(std::move(streams).finish()).text(std::move(versions).finish());
  columns::add_identities(params, events);
  const auto rows = statements.present_many.exec(tx, params);
  for (const auto& row : rows) present.insert(candidates[row[0].as<std::size_t>() - 1]);
  return present;
}

Error out_of_place(const ImportedEvent& event, std::int64_t head) {
  return Error{ErrorKind::refused,
               fmt::format("event {} wants version {} of stream \"{}\", which is at version {}",
                           event.event.id.to_string(), event.version->value(), printable(event.stream.view()), head),
               {.hint = "import into an empty store, or leave the versions out to append at the end"}};
}

/// In PostgreSQL's words a failure to serialise, for which postgres::transact() runs the work again.
Error overtaken(const ImportedEvent& event) {
  return Error{
      ErrorKind::failed,
      fmt::format("stream \"{}\" was created by somebody else during the import", printable(event.stream.view())),
      {.hint = "run the transaction again", .sqlstate = "40001", .retryable = true}};
}

/// What of the batch is new, with the versions it must get.
struct Plan {
  std::vector<const ImportedEvent*> fresh;
  std::vector<std::int64_t> versions;
  std::size_t present = 0;
  std::size_t streams = 0;  ///< that this transaction had not written before
};

Plan make_plan(const Statements& statements, pqxx::transaction_base& tx, Events events) {
  auto heads = lock_heads(statements, tx, events);
  std::vector<const ImportedEvent*> behind;  // at or below the head: must be there already
  for (const auto& event : events) {
    const auto head = heads.find(event.stream.view());
    if (event.version && head != heads.end() && event.version->value() <= head->second.version)
      behind.push_back(&event);
  }
  const auto present = find_present(statements, tx, behind);
  Plan plan;
  for (const auto& event : events) {
    if (present.contains(&event)) {
      ++plan.present;
      continue;
    }
    auto& head = heads[event.stream.str()];
    if (event.version && event.version->value() != head.version + 1) throw out_of_place(event, head.version);
    plan.fresh.push_back(&event);
    plan.versions.push_back(++head.version);
    plan.streams += head.touched ? 0 : 1;
    head.touched = true;
  }
  return plan;
}

void insert(const Statements& statements, pqxx::transaction_base& tx, const Plan& plan) {
  postgres::ArrayLiteral streams;
  std::vector<const NewEvent*> events;
  for (const auto* event : plan.fresh) {
    streams.add(event->stream.view());
    events.push_back(&event->event);
  }
  postgres::PqxxParams params;
  params.text(std::move(streams).finish());
  columns::add_events(params, events);
  const auto rows = statements.append_many.exec(tx, params);
  std::size_t at = 0;
  for (const auto& row : rows) {
    // Only a stream created by somebody else in this very moment can differ: its head was not there to be locked.
    if (row[0].as<std::int64_t>() != plan.versions[at] && plan.fresh[at]->version) {
      throw overtaken(*plan.fresh[at]);
    }
    ++at;
  }
}

}  // namespace

ImportReport import_events(const Statements& statements, pqxx::transaction_base& tx, Events events) {
  std::size_t bytes = 0;
  for (const auto& event : events) {
    annals::require_valid(event.event);
    bytes += event.stream.view().size() + byte_size(event.event);
  }
  require_bounded(events.size(), bytes, "import");
  try {
    const auto plan = make_plan(statements, tx, events);
    if (!plan.fresh.empty()) insert(statements, tx, plan);
    return {.imported = plan.fresh.size(), .already_present = plan.present, .streams = plan.streams};
  } catch (const pqxx::failure&) {
    postgres::rethrow_pqxx("import events");
  }
}

}  // namespace annals::eventstore
