#include "annals/eventstore/importer.hpp"

#include <fmt/format.h>

#include <chrono>
#include <thread>

#include "annals/core/backoff.hpp"
#include "annals/eventstore/schema.hpp"
#include "annals/postgres/connection.hpp"
#include "annals/postgres/error.hpp"
#include "annals/postgres/migrator.hpp"
#include "annals/postgres/sql_text.hpp"
#include "annals_eventstore_sql.hpp"
#include "append/append_statement.hpp"
#include "columns/encode.hpp"
#include "columns/event_columns.hpp"
#include "import/chunk_pace.hpp"
#include "import/chunk_plan.hpp"

namespace annals::eventstore {
namespace {

using Events = std::span<const ImportedEvent>;
using Clock = std::chrono::steady_clock;

constexpr int attempts_max = 5;

void require_bounded_chunk(Events events) {
  std::size_t bytes = 0;
  for (const auto& event : events) bytes += event.stream.view().size() + byte_size(event.event);
  require_bounded(events.size(), bytes, "chunk of an import", Importer::chunk_events_max);
}

/// Waits for the import before, should its session still be ending.
void claim_log(postgres::Connection& connection) {
  const auto& schema = connection.database().schema;
  try {
    connection.query(postgres::render(sql::claim_log, schema));
  } catch (const Error& error) {
    if (error.sqlstate() != "55P03") throw;
    throw Error{ErrorKind::overloaded,
                fmt::format("another import into the log of schema {} is at work", schema),
                {.hint = "repeat when it has ended", .sqlstate = error.sqlstate(), .retryable = true}};
  }
}

}  // namespace

struct Importer::Impl {
  postgres::Connection connection;
  Options options;
  std::string copy_sql;
  StreamHeads heads;
  PresenceCheck presence;
  ChunkPace pace;

  Impl(const postgres::Database& database, Options opts)
      : connection(database),
        options(opts),
        copy_sql(postgres::render(sql::copy_events, {{"schema", database.schema}, {"names", columns::names()}})),
        heads(database.schema, opts.dry_run),
        presence(database.schema) {
    postgres::require_schema(connection, schema());
    if (!options.dry_run) claim_log(connection);
  }

  /// The chunk in one transaction; when this throws, nothing has happened.
  ImportReport write(Events events);
  ImportReport write_again_if_overtaken(Events events);
  void copy(const ChunkPlan& plan);
};

/// Each event is looked at while the server writes those before it.
void Importer::Impl::copy(const ChunkPlan& plan) {
  auto at = plan.fresh.begin();
  connection.copy_in(copy_sql, [&](postgres::Params& row) {
    if (at == plan.fresh.end()) return false;
    annals::require_valid(at->event->event);
    row.bigint(at->head->stream_id).bigint(at->version);
    columns::add_event(row, at->event->event);
    ++at;
    return true;
  });
}

ImportReport Importer::Impl::write(Events events) {
  if (!options.dry_run) heads.clear();
  postgres::Transaction transaction{connection};
  const auto heads_of = heads.read(connection, events);
  const auto plan = make_plan(events, heads_of, presence.ask(connection, events, heads_of));
  ImportReport report{.imported = plan.fresh.size(), .already_present = plan.present};
  if (options.dry_run) {
    for (const auto& fresh : plan.fresh) annals::require_valid(fresh.event->event);
    report.streams_created = heads.count_new();
  } else if (!plan.fresh.empty()) {
    report.streams_created = heads.move_on(connection);
    copy(plan);
    transaction.commit();
  }
  heads.settle();
  presence.settle(plan.repeats);
  return report;
}

ImportReport Importer::Impl::write_again_if_overtaken(Events events) {
  Backoff backoff{{.initial = std::chrono::milliseconds{5}, .max = std::chrono::milliseconds{500}}};
  for (int attempt = 1;; ++attempt) {
    try {
      return write(events);
    } catch (const Error& error) {
      if (attempt == attempts_max || !postgres::is_overtaken(error)) throw;
    }
    std::this_thread::sleep_for(backoff.next());
  }
}

Importer::Importer(const postgres::Database& database, Options options)
    : impl_(std::make_unique<Impl>(database, options)) {}
Importer::~Importer() = default;
Importer::Importer(Importer&&) noexcept = default;
Importer& Importer::operator=(Importer&&) noexcept = default;

ImportReport Importer::add(std::span<const ImportedEvent> chunk) {
  require_bounded_chunk(chunk);
  if (chunk.empty()) return {};
  const auto begin = Clock::now();
  const auto report = impl_->write_again_if_overtaken(chunk);
  impl_->pace.took(chunk.size(), Clock::now() - begin);
  return report;
}

std::size_t Importer::chunk_events() const noexcept { return impl_->pace.events(); }

}  // namespace annals::eventstore
