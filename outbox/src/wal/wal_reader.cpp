#include "wal/wal_reader.hpp"

#include <utility>
#include <variant>

#include "annals/core/error.hpp"

namespace annals::outbox {
namespace {

constexpr std::string_view not_transactional =
    "it was emitted outside of its transaction (pg_logical_emit_message(false, …)), and may never have been committed";
constexpr std::string_view newer = "it was emitted in a format that this relay does not know: upgrade the relay";

/// Of something that has no place of its own: the log's, and an id made of it, so that an operator can name it.
MessageSource::Place made_up_place(postgres::Lsn lsn) {
  EventId::Bytes bytes{};
  for (std::size_t i = 0; i < sizeof lsn.value; ++i) {
    bytes.at(bytes.size() - 1 - i) = static_cast<std::uint8_t>(lsn.value >> (8 * i));
  }
  return {.position = static_cast<std::int64_t>(lsn.value), .id = EventId{bytes}};
}

/// What cannot be read has a fault instead, and a place by which it can be given up.
void decode(const pgoutput::Message& message, EmittedPrefix::Of of, MessageView& view) {
  std::string fault{message.transactional ? newer : not_transactional};
  if (message.transactional && of == EmittedPrefix::Of::ours) {
    try {
      return decode_emitted(message.content, view);
    } catch (const Error& error) {
      fault = error.message();
    }
  }
  const auto place = made_up_place(message.lsn);
  view = {};
  view.position = place.position;
  view.id = place.id;
  view.fault = std::move(fault);
}

}  // namespace

WalReader::WalReader(postgres::Connection& connection, const postgres::MessageLog& log, Clock& clock,
                     const Limits& limits)
    : log_(log), limits_(limits), rows_(log), transactions_(connection, clock, limits.feed) {}

void WalReader::start(Progress published, const WalPlace& place, EmittedPrefix emitted) {
  transactions_.start(place);
  hand_ = {};
  emitted_ = std::move(emitted);
  rows_.forget();
  read_ = std::move(published);
}

void WalReader::open(const std::string& slot, postgres::Lsn confirmed) {
  transactions_.open({.name = slot, .publication = log_.publication, .messages = log_.emits}, confirmed);
}

bool WalReader::take() {
  hand_.items.clear();
  hand_.bytes = 0;
  transactions_.begin_batch();
  bool more = true;
  while (more && hand_.items.size() < limits_.rows_max && hand_.bytes < limits_.bytes_max) {
    auto change = transactions_.next();
    more = change.has_value();
    if (change) take(std::move(*change));
  }
  if (!hand_.items.empty()) transactions_.came();
  return more;
}

void WalReader::take(WalFeed::Change change) {
  const auto parsed = pgoutput::parse(change.bytes());
  if (const auto* insert = std::get_if<pgoutput::Insert>(&parsed)) return take(*insert, std::move(change));
  if (const auto* message = std::get_if<pgoutput::Message>(&parsed)) return take(*message, std::move(change));
  if (const auto* commit = std::get_if<pgoutput::Commit>(&parsed)) return take(*commit);
  if (const auto* relation = std::get_if<pgoutput::Relation>(&parsed)) return rows_.learn(*relation);
  if (const auto* begin = std::get_if<pgoutput::Begin>(&parsed)) transactions_.begin(*begin);
}

void WalReader::take(const pgoutput::Commit& commit) {
  transactions_.end(commit);
  if (!hand_.items.empty()) hand_.items.back().entry.wal = {.flush = flush()};
}

void WalReader::take(const pgoutput::Insert& insert, WalFeed::Change change) {
  const auto* layout = rows_.layout_of(insert.relation);
  if (layout == nullptr || !in_transaction()) return;
  const auto number = transactions_.count();
  const auto head = rows_.head(insert.row, *layout);
  if (transactions_.is_done_with(number) || read_.contains(head.position)) return;
  const WalLedger::Entry entry{.place = {.position = head.position, .id = head.id},
                               .wal = transactions_.place_of(number)};
  read_.add(entry.place);
  add({.change = std::move(change), .layout = layout, .entry = entry, .stream = head.stream});
}

/// Whether it was published its place in the log says, and nothing else: no row tells a position of one that is still to come from a
/// hole that stays empty. One that is not transactional comes between transactions, and has no place but before the next one.
void WalReader::take(const pgoutput::Message& message, WalFeed::Change change) {
  const auto of = emitted_.of(message.prefix);
  if (of == EmittedPrefix::Of::others) return;
  WalLedger::Entry entry{.place = {}, .wal = {.flush = flush()}};
  if (in_transaction()) {
    const auto number = transactions_.count();
    if (transactions_.is_done_with(number)) return;
    entry.wal = transactions_.place_of(number);
  }
  MessageView view;
  outbox::decode(message, of, view);
  entry.place = {.position = view.position, .id = view.id};
  entry.in = view.fault.empty() ? WalEntry::In::log : WalEntry::In::nowhere;
  entry.publish(read_);
  add({.change = std::move(change), .layout = nullptr, .entry = entry, .stream = 0});
}

void WalReader::add(Item item) {
  hand_.bytes += item.change.bytes().size();
  hand_.items.push_back(std::move(item));
}

void WalReader::give_emitted(const std::function<void(std::size_t, WalFeed::Change)>& keep) {
  for (std::size_t i = 0; i < hand_.items.size(); ++i) {
    if (hand_.items[i].layout == nullptr) keep(i, std::move(hand_.items[i].change));
  }
}

void WalReader::decode_emitted(const WalFeed::Change& change, MessageView& view) const {
  const auto parsed = pgoutput::parse(change.bytes());
  const auto& message = std::get<pgoutput::Message>(parsed);
  outbox::decode(message, emitted_.of(message.prefix), view);
}

void WalReader::decode(const Item& item, MessageView& view) const {
  if (item.layout == nullptr) return decode_emitted(item.change, view);
  const auto change = pgoutput::parse(item.change.bytes());
  rows_.decode(std::get<pgoutput::Insert>(change).row, *item.layout, view);
}

}  // namespace annals::outbox
