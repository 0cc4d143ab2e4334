#include "progress/broker_record.hpp"

#include <fmt/format.h>

#include "annals/core/error.hpp"
#include "annals/core/text.hpp"
#include "log/table_cursor.hpp"

namespace annals::outbox {
namespace {

constexpr std::string_view version = "annals/1 ";
constexpr std::size_t generation_size = 36;
constexpr std::string_view id_prefix = "annals-relay-";

std::int64_t position_of(const Cursor& cursor) { return TableCursor::decode(cursor).place.position; }

}  // namespace

std::string BrokerRecord::encode() const { return fmt::format("{}{} {}", version, generation, cursor.bytes); }

BrokerRecord BrokerRecord::parse(std::string_view text, std::string_view id) {
  constexpr auto cursor_at = version.size() + generation_size + 1;
  if (text.starts_with(version) && text.size() > cursor_at && text[cursor_at - 1] == ' ') {
    return {.generation = std::string{text.substr(version.size(), generation_size)},
            .cursor = {std::string{text.substr(cursor_at)}}};
  }
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
    auto [generation, cursor] = BrokerRecord::parse(record, transactional_id_of(tie));
    if (generation == tie.generation.to_string()) {
      const bool behind = position_of(cursor) < position_of(of_row);
      return behind ? Agreement{Say::gone_back, of_row} : Agreement{Say::broker, std::move(cursor)};
    }
  }
  return {tie.in_broker ? Say::lost : Say::row, of_row};
}

}  // namespace annals::outbox
