#include "inbox/inbox_offsets.hpp"

#include <fmt/format.h>

#include "annals/core/error.hpp"
#include "annals/core/quote.hpp"
#include "annals/core/text.hpp"
#include "runner/dispatcher.hpp"

namespace annals::projections {
namespace {

Error corrupt(std::string_view what, std::string hint) {
  return Error{ErrorKind::corrupt, what, {.hint = std::move(hint), .sqlstate = {}}};
}

}  // namespace

OffsetTable::Places InboxOffsets::list(const std::string& origin, const std::string& topic) {
  Places places;
  pqxx::work tx{session_};
  for (const auto& row : tables_.list(tx, topic)) {
    if (row.origin != origin) {
      throw corrupt(
          fmt::format("inbox_offsets of inbox \"{}\" counts topic {} as cluster {} does, but this is cluster {}",
                      printable(consumer_), topic, printable(row.origin), printable(origin)),
          fmt::format("connect to that cluster, give the inbox of this one another consumer name, or begin the "
                      "topic anew (ids keep what was handled from being handled again): DELETE FROM "
                      "{}.inbox_offsets WHERE consumer = {} AND topic = {}",
                      schema_, quote_sql(consumer_), quote_sql(topic)));
    }
    places[row.partition] = {.next = row.next, .can_prove = row.has_last_id};
    told_[{topic, row.partition}] = row.next;
  }
  tx.commit();
  return places;
}

OffsetTable::Places InboxOffsets::places(const std::string& origin, const std::string& topic) try {
  return list(origin, topic);
} catch (const Error&) {
  throw;
} catch (...) {
  rethrow_at(fmt::format("inbox \"{}\": read offsets", consumer_));
}

void InboxOffsets::begin(const std::string& origin, const std::string& topic,
                         const std::map<std::int32_t, std::int64_t>& starts) try {
  pqxx::work tx{session_};
  tables_.create(tx, origin, topic, starts);
  postgres::commit(tx);
} catch (...) {
  rethrow_at(fmt::format("inbox \"{}\": record offsets", consumer_));
}

std::string InboxOffsets::how_to_set(const std::string& topic, std::int32_t partition, std::int64_t next) const {
  return fmt::format(
      "UPDATE {}.inbox_offsets SET next_offset = {}, last_id = NULL WHERE consumer = {} AND topic = {} AND partition = "
      "{}",
      schema_, next, quote_sql(consumer_), quote_sql(topic), partition);
}

InboxTables::Offsets InboxOffsets::expected(const std::vector<IncomingMessage>& batch) const {
  InboxTables::Offsets offsets;
  for (const auto& message : batch) {
    const auto [place, added] = offsets.try_emplace({message.topic, message.partition});
    const auto told = added ? told_.find(place->first) : told_.end();
    if (told != told_.end()) place->second.next = told->second;
  }
  return offsets;
}

void InboxOffsets::lock(pqxx::transaction_base& tx, InboxTables::Offsets& offsets) const {
  constexpr const char* anew = "make a new inbox and a new source: they begin where the table says";
  const auto expected = offsets;
  for (auto& [partition, place] : offsets) place.next = -1;
  tables_.lock(tx, offsets);
  for (const auto& [partition, place] : offsets) {
    if (place.next < 0) {
      throw corrupt(fmt::format("inbox_offsets has no row for inbox \"{}\", {}[{}]", printable(consumer_),
                                partition.first, partition.second),
                    anew);
    }
    if (place.next < expected.at(partition).next) {
      throw corrupt(
          fmt::format("inbox_offsets of inbox \"{}\" says {} for {}[{}], it said {} before: it was set back while "
                      "this consumer ran",
                      printable(consumer_), place.next, partition.first, partition.second, expected.at(partition).next),
          anew);
    }
  }
}

void InboxOffsets::moved(const InboxTables::Offsets& offsets) {
  for (const auto& [partition, place] : offsets) told_[partition] = place.next;
}

}  // namespace annals::projections
