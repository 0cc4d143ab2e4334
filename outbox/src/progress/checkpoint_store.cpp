#include "progress/checkpoint_store.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "annals/core/assert.hpp"
#include "annals/core/error.hpp"
#include "annals/core/text.hpp"
#include "annals/postgres/connection.hpp"
#include "annals/postgres/sql_text.hpp"
#include "annals_outbox_sql.hpp"
#include "log/table_cursor.hpp"
#include "wal/wal_cursor.hpp"

namespace annals::outbox {

using postgres::Params;
using Commit = Destination::Commit;

namespace {

/// Position, message, cluster, timeline, and the cursor where these do not say all of it.
Params& add_cursor(Params& params, const Cursor& cursor) {
  const auto decoded = table_cursor_of(cursor);
  const auto& cluster = decoded.cluster;
  const auto& place = decoded.place();
  params.bigint(place.position);
  place.position == 0 ? params.null() : params.uuid(place.id);
  params.text(cluster.system_identifier).text(cluster.timeline);
  return TableCursor::is_place(cursor) ? params.null() : params.text(cursor.bytes);
}

}  // namespace

CheckpointStore::CheckpointStore(postgres::Connection& connection, const postgres::MessageLog& log, std::string relay,
                                 Keeper keeper)
    : connection_(connection),
      relay_(std::move(relay)),
      log_(log.name),
      keeper_(keeper),
      open_sql_(postgres::render(by_broker() ? sql::transactional_open : sql::checkpoint_open, log)),
      others_sql_(postgres::render(sql::checkpoint_others, log)),
      first_sql_(postgres::render(by_broker() ? sql::transactional_first : sql::checkpoint_first, log)),
      save_sql_(postgres::render(sql::checkpoint_save, log)),
      epoch_sql_(postgres::render(sql::checkpoint_epoch, log)) {
  wait_for_disk(by_broker());
}

/// A checkpoint that a crash of the server takes back is a repetition, not a loss; and none where the broker has the say. What
/// ties the row to the broker's record must not be taken back: the record would count no more, and what it covers would be
/// published again.
void CheckpointStore::wait_for_disk(bool wait) {
  connection_.execute(wait ? "SET synchronous_commit = on" : "SET synchronous_commit = off");
}

Checkpoint CheckpointStore::open() {
  const auto row = connection_.query(open_sql_, Params{}.text(relay_).text(log_));
  Checkpoint checkpoint;
  if (row.empty()) {
    const auto others = connection_.query(others_sql_, Params{}.text(log_).text(relay_));
    for (int i = 0; i < others.rows(); ++i) checkpoint.others.push_back(others.text(i, 0));
    epoch_ = 0;
    if (by_broker()) tie_ = Tie{.transactional_id = EventId::generate(), .generation = EventId::generate()};
    return checkpoint;
  }
  const TableCursor cursor{
      .cluster = {.system_identifier = row.text(0, 2), .timeline = row.text(0, 3)},
      .published = Progress{{.position = row.bigint(0, 0), .id = row.is_null(0, 1) ? EventId{} : row.uuid(0, 1)}}};
  saved_ = cursor.place().position;
  epoch_ = row.bigint(0, 4);
  if (by_broker()) {
    tie_ = Tie{.transactional_id = row.uuid(0, 6), .generation = row.uuid(0, 7), .in_broker = row.boolean(0, 8)};
    wait_for_disk(false);
  }
  checkpoint.cursor = row.is_null(0, 5) ? cursor.encode() : Cursor{row.text(0, 5)};
  return checkpoint;
}

Commit CheckpointStore::save(const Cursor& cursor) {
  // What a slot gives up for good must not be forgotten by a crash of the server.
  if (!by_broker() && WalCursor::is(cursor) && !std::exchange(on_disk_, true)) wait_for_disk(true);
  const auto position = table_cursor_of(cursor).place().position;
  if (epoch_ == 0 ? insert(cursor) : update(cursor)) {
    saved_ = position;
    epoch_ = std::max<std::int64_t>(epoch_, 1);
    return Commit::committed;
  }
  const auto stored = stored_epoch();
  if (stored && *stored != epoch_) return Commit::fenced;
  throw Error{ErrorKind::corrupt,
              fmt::format("checkpoint {} of relay \"{}\" on {} was {} by another program while this relay owned it",
                          saved_, printable(relay_), log_, stored ? "moved" : "removed"),
              {.hint = "find out which program it was; the next start goes on from what it wrote"}};
}

bool CheckpointStore::insert(const Cursor& cursor) {
  auto params = Params{}.text(relay_).text(log_);
  add_cursor(params, cursor);
  if (by_broker()) params.uuid(tie_->transactional_id).uuid(tie_->generation);
  const bool first = connection_.query(first_sql_, params).affected() == 1;
  if (by_broker()) wait_for_disk(false);
  return first;
}

bool CheckpointStore::update(const Cursor& cursor) {
  ANNALS_ASSERT(table_cursor_of(cursor).place().position >= saved_);
  auto params = Params{}.text(relay_).text(log_);
  add_cursor(params, cursor);
  params.bigint(epoch_).bigint(saved_);
  return connection_.query_prepared("annals_checkpoint_save", save_sql_, params).affected() == 1;
}

std::optional<std::int64_t> CheckpointStore::stored_epoch() {
  const auto row = connection_.query(epoch_sql_, Params{}.text(relay_).text(log_));
  if (row.empty()) return std::nullopt;
  return row.bigint(0, 0);
}

}  // namespace annals::outbox
