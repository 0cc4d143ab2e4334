// The inbox.
//
// A source gives messages at least once: after a crash it starts again from the last commit() it saw. So a step
//   1. receives a batch;
//   2. in one transaction: locks the offsets of its partitions and drops what lies below them; records the ids of the
//      rest and drops what was recorded before; calls the handlers of what remains, in order; moves the offsets;
//   3. tells the source: source.commit().
//
// Why a message takes effect exactly once.
//   At least once: the source is told only after (2) committed, so what has no effect yet comes again. At most once: an
//   effect is committed together with the offset and the id that rule its message out from then on, and the lock on the
//   offset's row, like the unique key of the id, makes a second consumer wait until the first has decided. Offsets rule
//   out what the source repeats; ids rule out what the producer repeated at a new offset, as a relay does after a
//   crash.
//
// Order. Messages of one partition are handled in offset order, so those of one key are. A repeated message that is
// dropped was handled at its first occurrence.
//
// A batch stays in memory until the source is told: were a failed step followed by another receive(), the source's next
// commit() would cover messages that never took effect.
//
// Named points of a step, where a fault test may kill the process:
//   "received"   a batch is in memory                    crash: it comes again
//   "recorded"   offsets locked, ids written             crash: as above
//   "handled"    all handlers have run                   crash: as above
//   "commit"     offsets moved, about to commit          crash: as above
//   "committed"  took effect; the source does not know   crash: it comes again and is dropped
//   "done"       the source knows
#include "annals/projections/inbox.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <vector>

#include "annals/core/error.hpp"
#include "annals/core/text.hpp"
#include "annals/postgres/connection.hpp"
#include "annals/postgres/migrator.hpp"
#include "annals/postgres/pqxx_compat.hpp"
#include "annals/projections/schema.hpp"
#include "inbox/inbox_tables.hpp"
#include "runner/dispatcher.hpp"

namespace annals::projections {

using std::chrono::milliseconds;

namespace {

constexpr std::size_t consumer_bytes_max = 128;
/// The key of a B-tree must stay below a third of a page; relays' ids have 36 bytes.
constexpr std::size_t id_bytes_max = 1024;

std::string checked(std::string consumer) {
  require_text("inbox consumer", consumer, consumer_bytes_max);
  return consumer;
}

bool has_usable_id(const IncomingMessage& message) {
  return !message.id.empty() && message.source.size() + message.id.size() <= id_bytes_max &&
         !invalid_text_offset(message.source) && !invalid_text_offset(message.id);
}

/// Drops what lies below the offsets and moves them past the rest.
std::vector<const IncomingMessage*> new_by_offset(const std::vector<IncomingMessage>& batch,
                                                  InboxTables::Offsets& offsets) {
  std::vector<const IncomingMessage*> fresh;
  for (const auto& message : batch) {
    auto& next = offsets.at({message.topic, message.partition});
    if (message.offset < next) continue;
    next = message.offset + 1;
    fresh.push_back(&message);
  }
  return fresh;
}

/// Drops those whose id comes twice; returns the ids of the others.
std::vector<InboxTables::Message> distinct_ids(std::vector<const IncomingMessage*>& messages) {
  std::set<std::pair<std::string_view, std::string_view>> seen;
  std::erase_if(messages, [&](const auto* m) { return has_usable_id(*m) && !seen.emplace(m->source, m->id).second; });
  std::vector<InboxTables::Message> ids;
  for (const auto* message : messages) {
    if (has_usable_id(*message)) ids.push_back({message->source, message->id});
  }
  return ids;
}

}  // namespace

struct Inbox::Impl {
  Impl(const postgres::Database& database, std::string consumer_in, const TypeRegistry& types,
       MessageHandlers handlers_in, InboxOptions options_in)
      : consumer(checked(std::move(consumer_in))),
        handlers(std::move(handlers_in)),
        options(std::move(options_in)),
        dispatcher(handlers, types),
        tables(database.schema, consumer),
        session(postgres::open_pqxx(database)) {
    if (options.batch_messages_max == 0) throw invalid("an inbox has a limit of 0", "batch_messages_max is at least 1");
    postgres::Connection connection{database};
    postgres::require_schema(connection, schema());
  }

  void receive(Source& source, milliseconds wait_max);
  InboxReport apply();
  std::vector<const IncomingMessage*> select_new(pqxx::transaction_base& tx, InboxTables::Offsets& offsets);
  void handle(pqxx::transaction_base& tx, const IncomingMessage& message) const;
  void point(std::string_view name) const {
    if (options.at_point) options.at_point(name);
  }

  std::string consumer;
  MessageHandlers handlers;
  InboxOptions options;
  Dispatcher<IncomingMessage> dispatcher;
  InboxTables tables;
  std::unique_ptr<pqxx::connection> session;
  std::vector<IncomingMessage> pending;  // received, and the source not told yet
};

void Inbox::Impl::receive(Source& source, milliseconds wait_max) {
  if (!pending.empty()) return;
  try {
    source.receive(options.batch_messages_max, wait_max, pending);
  } catch (...) {  // the source is broken; another one gives them again
    pending.clear();
    throw;
  }
  point("received");
}

InboxReport Inbox::Impl::apply() {
  InboxTables::Offsets offsets;
  for (const auto& message : pending) offsets.try_emplace({message.topic, message.partition}, 0);
  pqxx::work tx{*session};
  tables.lock(tx, offsets);
  const auto fresh = select_new(tx, offsets);
  point("recorded");
  for (const auto* message : fresh) handle(tx, *message);
  point("handled");
  tables.move(tx, offsets);
  point("commit");
  tx.commit();
  return {.received = pending.size(), .handled = fresh.size(), .duplicates = pending.size() - fresh.size()};
}

std::vector<const IncomingMessage*> Inbox::Impl::select_new(pqxx::transaction_base& tx, InboxTables::Offsets& offsets) {
  auto candidates = new_by_offset(pending, offsets);
  const auto recorded = tables.record(tx, distinct_ids(candidates));
  std::size_t next = 0;
  std::erase_if(candidates, [&](const auto* message) { return has_usable_id(*message) && !recorded.at(next++); });
  return candidates;
}

void Inbox::Impl::handle(pqxx::transaction_base& tx, const IncomingMessage& message) const {
  try {
    dispatcher.apply(message, &tx);
    postgres::require_open(tx);
  } catch (...) {
    rethrow_at(fmt::format("inbox \"{}\": message {}[{}] offset {} of type \"{}\"", consumer, message.topic,
                           message.partition, message.offset, printable(message.type)));
  }
}

Inbox::Inbox(const postgres::Database& database, std::string consumer, const TypeRegistry& types,
             MessageHandlers handlers, InboxOptions options)
    : impl_(std::make_unique<Impl>(database, std::move(consumer), types, std::move(handlers), std::move(options))) {}
Inbox::~Inbox() = default;

InboxReport Inbox::step(Source& source, milliseconds wait_max) {
  impl_->receive(source, wait_max);
  if (impl_->pending.empty()) return {};
  InboxReport report;
  try {
    report = impl_->apply();
  } catch (const Error&) {
    throw;
  } catch (...) {
    rethrow_at(fmt::format("inbox \"{}\"", impl_->consumer));
  }
  impl_->point("committed");
  source.commit();
  impl_->pending.clear();
  impl_->point("done");
  return report;
}

std::size_t Inbox::prune(Timestamp before, std::size_t rows_max) try {
  pqxx::work tx{*impl_->session};
  const auto gone = impl_->tables.prune(tx, before, rows_max);
  tx.commit();
  return gone;
} catch (const Error&) {
  throw;
} catch (...) {
  rethrow_at(fmt::format("inbox \"{}\": prune", impl_->consumer));
}

}  // namespace annals::projections
