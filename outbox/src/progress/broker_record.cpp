#include "progress/broker_record.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "annals/core/error.hpp"
#include "annals/core/text.hpp"
#include "wal/wal_cursor.hpp"

namespace annals::outbox {
namespace {

constexpr std::string_view plain = "annals/1";
constexpr std::string_view with_note = "annals/2";
constexpr std::size_t generation_size = 36;
constexpr std::string_view id_prefix = "annals-relay-";

std::int64_t position_of(const Cursor& cursor) { return table_cursor_of(cursor).place().position; }

}  // namespace

std::string BrokerRecord::encode() const {
  if (note.empty()) return fmt::format("{} {} {}", plain, generation, cursor.bytes);
  return fmt::format("{} {} {} {}", with_note, generation, note, cursor.bytes);
}

BrokerRecord BrokerRecord::parse(std::string_view text, std::string_view id) {
  auto rest = text;
  const auto next = [&rest] {
    const auto word = rest.substr(0, rest.find(' '));
    rest.remove_prefix(std::min(rest.size(), word.size() + 1));
    return std::string{word};
  };
  const auto version = next();
  BrokerRecord record{.generation = next(), .cursor = {}};
  if (version == with_note) record.note = next();
  record.cursor.bytes = rest;
  const bool known = version == plain || (version == with_note && !record.note.empty());
  if (known && record.generation.size() == generation_size && !record.cursor.empty()) return record;
  throw Error{ErrorKind::corrupt,
              fmt::format("\"{}\" is not a checkpoint of {}", printable(text), id),
              {.hint = "it was written by another program, or by a newer version of this one"}};
}

std::string transactional_id_of(const CheckpointStore::Tie& tie) {
  return std::string{id_prefix} + tie.transactional_id.to_string();
}

Agreement agree(const CheckpointStore::Tie& tie, const Cursor& of_row, std::string_view record) {
  using Say = Agreement::Say;
  if (!record.empty()) {
    auto parsed = BrokerRecord::parse(record, transactional_id_of(tie));
    if (parsed.generation == tie.generation.to_string()) {
      if (position_of(parsed.cursor) < position_of(of_row)) return {Say::gone_back, of_row};
      return {Say::broker, std::move(parsed.cursor), std::move(parsed.note)};
    }
  }
  return {tie.in_broker ? Say::lost : Say::row, of_row};
}

}  // namespace annals::outbox
