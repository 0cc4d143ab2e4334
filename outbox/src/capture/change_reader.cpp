#include "capture/change_reader.hpp"

#include <utility>
#include <variant>

#include "annals/core/text/stable_hash.hpp"
#include "annals/postgres/connection.hpp"
#include "capture/published_tables.hpp"

namespace annals::outbox {
namespace {

/// Of tables that are not captured there may be any number, and a relay has its lease to renew.
constexpr std::size_t looked_at_max = 10'000;

}  // namespace

EventId change_id(std::string_view system_identifier, const pgoutput::Begin& transaction, std::uint32_t number) {
  StableHash hash;
  hash.add(system_identifier).add_number(transaction.xid).add_number(static_cast<std::uint64_t>(transaction.time));
  // A place in the log is a multiple of 8.
  const auto place = transaction.commit.value >> 3U;
  const std::uint64_t high = (place << 4U & ~0xFFFFULL) | 0x8000U | (place & 0xFFFU);
  const std::uint64_t low = 0x8000000000000000ULL | std::uint64_t{hash.folded() & 0x3FFFFFFFU} << 32U | number;
  EventId::Bytes bytes{};
  for (std::size_t i = 0; i < 8; ++i) {
    bytes[i] = static_cast<std::uint8_t>(high >> (56U - 8U * i));
    bytes[8 + i] = static_cast<std::uint8_t>(low >> (56U - 8U * i));
  }
  return EventId{bytes};
}

ChangeReader::ChangeReader(postgres::Connection& connection, Clock& clock, const std::vector<Capture>& captures,
                           const Limits& limits)
    : limits_(limits),
      messages_(captures, [&connection](std::uint32_t table) { return read_primary_key(connection, table); }),
      transactions_(connection, clock, limits.feed) {}

void ChangeReader::start(const postgres::ClusterIdentity& cluster, const WalPlace& place) {
  transactions_.start(place);
  messages_.forget();
  system_identifier_ = cluster.system_identifier;
  more_ = false;
}

std::size_t ChangeReader::take(ChangeLedger& ledger) {
  Batch batch{.ledger = ledger};
  transactions_.begin_batch();
  more_ = true;
  for (; batch.count < limits_.rows_max && batch.bytes < limits_.bytes_max && batch.looked_at < looked_at_max;
       ++batch.looked_at) {
    const auto change = transactions_.next();
    if (!change) {
      more_ = false;
      break;
    }
    take(pgoutput::parse(change->bytes()), batch);
  }
  if (!transactions_.transaction()) ledger.pass(transactions_.flush());
  return batch.count;
}

void ChangeReader::take(const pgoutput::Change& change, Batch& batch) {
  if (const auto* type = std::get_if<pgoutput::Type>(&change)) return messages_.learn(*type);
  if (const auto* relation = std::get_if<pgoutput::Relation>(&change)) return messages_.learn(*relation);
  if (const auto* begin = std::get_if<pgoutput::Begin>(&change)) return transactions_.begin(*begin);
  if (!transactions_.transaction()) return;
  if (const auto* insert = std::get_if<pgoutput::Insert>(&change)) {
    const auto last = next_change();
    add(messages_.of(*insert, where(last)), last, batch);
  } else if (const auto* update = std::get_if<pgoutput::Update>(&change)) {
    const auto last = next_change();
    add(messages_.of(*update, where(last)), last, batch);
  } else if (const auto* removal = std::get_if<pgoutput::Delete>(&change)) {
    const auto last = next_change();
    add(messages_.of(*removal, where(last)), last, batch);
  } else if (const auto* truncate = std::get_if<pgoutput::Truncate>(&change)) {
    for (const auto relation : truncate->relations) {
      const auto last = next_change();
      add(messages_.of_truncate(relation, where(last)), last, batch);
    }
  } else if (const auto* commit = std::get_if<pgoutput::Commit>(&change)) {
    transactions_.end(*commit);
    batch.ledger.pass(transactions_.flush());
  }
}

/// `last` is the last number that the change may use.
void ChangeReader::add(std::vector<ChangeMessage> messages, std::uint32_t last, Batch& batch) const {
  auto number = last - ChangeMessages::messages_max;
  for (auto& message : messages) {
    if (transactions_.is_done_with(++number)) continue;
    batch.bytes += message.byte_size();
    ++batch.count;
    batch.ledger.add({.place = {.position = batch.ledger.last().place.position + 1, .id = id_of(number)},
                      .wal = transactions_.place_of(number),
                      .time = timestamp_from_postgres(transactions_.transaction()->time),
                      .message = std::make_shared<const ChangeMessage>(std::move(message))});
  }
}

EventId ChangeReader::id_of(std::uint32_t number) const {
  return change_id(system_identifier_, *transactions_.transaction(), number);
}

}  // namespace annals::outbox
