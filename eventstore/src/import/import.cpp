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

/// Locks the heads of all streams that exist and returns their versions.
std::map<std::string, std::int64_t, std::less<>> lock_heads(const Statements& statements, pqxx::transaction_base& tx,
                                                            Events events) {
  std::set<std::string_view> names;
  for (const auto& event : events) names.insert(event.stream.view());
  std::map<std::string, std::int64_t, std::less<>> heads;
  const auto rows = statements.heads.exec(tx, postgres::PqxxParams{}.text(stream_names(names)));
  for (const auto& row : rows) heads.emplace(row[0].as<std::string>(), row[1].as<std::int64_t>());
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
  return invalid(fmt::format("event {} wants version {} of stream \"{}\", which is at version {}",
                             event.event.id.to_string(), event.version->value(), printable(event.stream.view()), head),
                 "import into an empty store, or leave the versions out to append at the end");
}

/// What of the batch is new, with the versions it must get.
struct Plan {
  std::vector<const ImportedEvent*> fresh;
  std::vector<std::int64_t> versions;
  std::size_t present = 0;
};

Plan make_plan(const Statements& statements, pqxx::transaction_base& tx, Events events) {
  auto heads = lock_heads(statements, tx, events);
  std::vector<const ImportedEvent*> behind;  // at or below the head: must be there already
  for (const auto& event : events) {
    const auto head = heads.find(event.stream.view());
    if (event.version && head != heads.end() && event.version->value() <= head->second) behind.push_back(&event);
  }
  const auto present = find_present(statements, tx, behind);
  Plan plan;
  for (const auto& event : events) {
    if (present.contains(&event)) {
      ++plan.present;
      continue;
    }
    auto& head = heads[event.stream.str()];
    if (event.version && event.version->value() != head + 1) throw out_of_place(event, head);
    plan.fresh.push_back(&event);
    plan.versions.push_back(++head);
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
      throw out_of_place(*plan.fresh[at], row[0].as<std::int64_t>() - 1);
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
    return {.imported = plan.fresh.size(), .already_present = plan.present};
  } catch (const pqxx::failure&) {
    postgres::rethrow_pqxx("import events");
  }
}

}  // namespace annals::eventstore
