// The inbox.
//
// The table inbox_offsets decides where a source begins (InboxOffsets); what the broker remembers of the group is for
// those who watch from outside. So effects and offsets have one fate: when the database is restored or fails over to a copy
// that lacks the latest transactions, exactly the messages whose effects are missing come again. A step
//   1. receives a batch;
//   2. in one transaction: locks the offsets of its partitions and drops what lies below them; records the ids of the
//      rest and drops what was recorded before; calls the handlers of what remains, in order; moves the offsets;
//   3. tells the source: source.commit().
//
// Why a message takes effect exactly once.
//   At least once: a source begins at the offset that (2) committed, so what has no effect yet comes again. At most once: an
//   effect is committed together with the offset and the id that rule its message out from then on, and the lock on the
//   offset's row, like the unique key of the id, makes a second consumer wait until the first has decided. Offsets rule
//   out what the source repeats; ids rule out what the producer repeated at a new offset, as a relay does after a
//   crash.
//
// Order. Messages of one partition are handled in offset order, so those of one key are. A repeated message that is
// dropped was handled at its first occurrence.
//
// A batch stays in memory until it is done: a source does not give a message twice, so were a failed step followed by
// another receive(), the offset would move past messages that never took effect. For the same reason a source belongs to one
// inbox (Source::bind), one that failed is not read again (Source::receive), and a table that was set back under a running
// consumer stops it (InboxOffsets::lock).
//
// Whether it is still the same topic. A topic that was deleted and made anew counts from zero. The message just below the
// table's offset comes again at each start, when there is such and its id is known: another id there, or below the offset an
// id that was never recorded, stops the inbox. So does a table that is ahead of the topic's end (the source sees that).
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
#include "inbox/inbox_offsets.hpp"
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

/// A batch against the offsets: what is new, and what lies below them and should have been handled.
struct Sorted {
  std::vector<const IncomingMessage*> fresh;
  std::vector<const IncomingMessage*> below;
};

/// Moves `places` from `recorded` past what is new.
Sorted sort_by_offset(const std::vector<IncomingMessage>& batch, const InboxTables::Offsets& recorded,
                      InboxTables::Offsets& places) {
  Sorted out;
  for (const auto& message : batch) {
    auto& place = places.at({message.topic, message.partition});
    if (message.offset >= place.next) {
      place = {message.offset + 1, has_usable_id(message) ? message.id : std::string{}};
      out.fresh.push_back(&message);
    } else if (message.offset < recorded.at({message.topic, message.partition}).next) {
      out.below.push_back(&message);
    }
  }
  return out;
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
        session(postgres::open_pqxx(database)),
        offsets(*session, tables, database.schema, consumer) {
    if (options.batch_messages_max == 0) throw invalid("an inbox has a limit of 0", "batch_messages_max is at least 1");
    postgres::Connection connection{database};
    postgres::require_schema(connection, schema());
  }

  void receive(Source& source, milliseconds wait_max);
  InboxReport apply();
  std::vector<const IncomingMessage*> select_new(pqxx::transaction_base& tx, InboxTables::Offsets& offsets);
  void require_handled(pqxx::transaction_base& tx, const std::vector<const IncomingMessage*>& below,
                       const InboxTables::Offsets& recorded) const;
  [[noreturn]] void throw_other_topic(const IncomingMessage& message, const std::string& why) const;
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
  InboxOffsets offsets;
  std::vector<IncomingMessage> pending;  // received, and the source not told yet
  InboxTables::Offsets expected;         // their partitions
};

void Inbox::Impl::receive(Source& source, milliseconds wait_max) {
  if (!pending.empty()) return source.keep_alive(offsets);
  source.receive(offsets, options.batch_messages_max, wait_max, pending);
  expected = offsets.expected(pending);
  point("received");
}

InboxReport Inbox::Impl::apply() {
  auto places = expected;
  pqxx::work tx{*session};
  offsets.lock(tx, places);
  const auto fresh = select_new(tx, places);
  point("recorded");
  for (const auto* message : fresh) handle(tx, *message);
  point("handled");
  tables.move(tx, places);
  point("commit");
  postgres::commit(tx);
  offsets.moved(places);
  const auto damaged = std::ranges::count_if(fresh, [](const auto* message) { return !message->damaged.empty(); });
  return {.received = pending.size(),
          .handled = fresh.size(),
          .duplicates = pending.size() - fresh.size(),
          .damaged = static_cast<std::size_t>(damaged)};
}

std::vector<const IncomingMessage*> Inbox::Impl::select_new(pqxx::transaction_base& tx, InboxTables::Offsets& places) {
  const auto before = places;
  auto [candidates, below] = sort_by_offset(pending, before, places);
  require_handled(tx, below, before);
  const auto recorded = tables.record(tx, distinct_ids(candidates));
  std::size_t next = 0;
  std::erase_if(candidates, [&](const auto* message) { return has_usable_id(*message) && !recorded.at(next++); });
  return candidates;
}

/// What lies below the offsets was handled, if this is the topic that they count: then its id is known.
void Inbox::Impl::require_handled(pqxx::transaction_base& tx, const std::vector<const IncomingMessage*>& below,
                                  const InboxTables::Offsets& recorded) const {
  std::vector<const IncomingMessage*> asked;
  std::vector<InboxTables::Message> ids;
  for (const auto* message : below) {
    const auto& place = recorded.at({message->topic, message->partition});
    if (message->offset + 1 == place.next && !place.last_id.empty()) {
      if (message->id != place.last_id)
        throw_other_topic(*message, fmt::format("not \"{}\"", printable(place.last_id)));
    } else if (has_usable_id(*message)) {
      asked.push_back(message);
      ids.push_back({message->source, message->id});
    }
  }
  const auto known = tables.known(tx, ids);
  for (std::size_t i = 0; i < asked.size(); ++i) {
    if (!known[i]) throw_other_topic(*asked[i], "and no message with that id");
  }
}

void Inbox::Impl::throw_other_topic(const IncomingMessage& message, const std::string& why) const {
  throw Error{
      ErrorKind::corrupt,
      fmt::format("inbox \"{}\": {}[{}] has message \"{}\" at offset {}, where this inbox has handled a message, {}",
                  printable(consumer), message.topic, message.partition, printable(message.id), message.offset, why),
      {.hint = fmt::format("the topic was deleted and made anew, or the ids were pruned under a running consumer (then "
                           "a new inbox and source go on). To read a new topic from its beginning: {}",
                           offsets.how_to_set(message.topic, message.partition, 0)),
       .sqlstate = {}}};
}

void Inbox::Impl::handle(pqxx::transaction_base& tx, const IncomingMessage& message) const {
  try {
    if (message.damaged.empty()) {
      dispatcher.apply(message, &tx);
    } else if (handlers.unhandled() == Unhandled::fail) {
      throw invalid(fmt::format("the message is damaged: {}", message.damaged),
                    "ask its producer what it is, or let unhandled messages be skipped");
    }
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
