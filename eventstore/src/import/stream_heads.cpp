#include "import/stream_heads.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "annals/core/error.hpp"
#include "annals/core/text.hpp"
#include "annals/postgres/connection.hpp"
#include "annals/postgres/sql_text.hpp"
#include "annals_eventstore_sql.hpp"

namespace annals::eventstore {
namespace {

/// In PostgreSQL's words a failure to serialise: the transaction can be made again, and will then see the stream.
Error overtaken(std::string_view stream) {
  return Error{
      ErrorKind::failed,
      fmt::format("stream \"{}\" was created by somebody else during the import", printable(stream)),
      {.hint = "let one program at a time write to the streams of an import", .sqlstate = "40001", .retryable = true}};
}

}  // namespace

StreamHeads::StreamHeads(const std::string& schema, bool dry_run)
    : read_(postgres::render(dry_run ? sql::find_heads : sql::lock_heads, schema)),
      move_(postgres::render(sql::move_heads, schema)) {}

std::vector<StreamHead*> StreamHeads::read(postgres::Connection& connection, std::span<const ImportedEvent> events) {
  std::vector<StreamHead*> of_events;
  std::vector<std::optional<std::string_view>> unknown;
  of_events.reserve(events.size());
  for (const auto& event : events) {
    auto found = heads_.find(event.stream.view());
    if (found == heads_.end()) {
      found = heads_.emplace(event.stream.str(), StreamHead{}).first;
      unknown.emplace_back(found->first);
    }
    found->second.fresh = 0;
    of_events.push_back(&found->second);
  }
  if (unknown.empty()) return of_events;
  const auto rows = connection.query_prepared("heads", read_, postgres::Params{}.text_array(unknown));
  for (int row = 0; row < rows.rows(); ++row) {
    auto& head = heads_.find(rows.bytes(row, 0))->second;
    head.stream_id = rows.bigint(row, 1);
    head.in_log = rows.bigint(row, 2);
    head.before = head.in_log;
  }
  return of_events;
}

std::size_t StreamHeads::move_on(postgres::Connection& connection) {
  std::vector<std::optional<std::string_view>> names;
  std::vector<std::int64_t> counts;
  for (const auto& [name, head] : heads_) {
    if (head.fresh == 0) continue;
    names.emplace_back(name);
    counts.push_back(head.fresh);
  }
  const auto rows =
      connection.query_prepared("move_heads", move_, postgres::Params{}.text_array(names).bigint_array(counts));
  for (int row = 0; row < rows.rows(); ++row) {
    auto& [name, head] = *heads_.find(rows.bytes(row, 0));
    // Only of a stream that was not there to be locked can it differ.
    if (rows.bigint(row, 2) != head.before + head.fresh) throw overtaken(name);
    head.stream_id = rows.bigint(row, 1);
  }
  return count_new();
}

std::size_t StreamHeads::count_new() const noexcept {
  return static_cast<std::size_t>(std::count_if(heads_.begin(), heads_.end(), [](const auto& entry) {
    return entry.second.before == 0 && entry.second.fresh > 0;
  }));
}

void StreamHeads::settle() noexcept {
  for (auto& [name, head] : heads_) head.before += std::exchange(head.fresh, 0);
}

}  // namespace annals::eventstore
