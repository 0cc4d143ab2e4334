#include "poison/parked_store.hpp"

#include "annals/core/content_type.hpp"
#include "annals/postgres/connection.hpp"
#include "annals/postgres/sql_text.hpp"
#include "annals_outbox_sql.hpp"
#include "poison/parked_columns.hpp"

namespace annals::outbox {

using postgres::Params;

namespace {

void decode(postgres::RowReader row, ParkedStore::Due& due) {
  due.place = row.bigint();
  due.decision = row.bigint();
  due.skip = row.smallint() != 0;
  auto& view = due.view;
  view.position = row.bigint();
  view.id = row.uuid();
  view.topic = row.bytes();
  view.key = row.optional_bytes();
  view.type = row.bytes();
  view.content_type = content_type_from_code(row.smallint());
  view.payload = row.bytes();
  view.time = row.timestamptz();
  view.subject = row.optional_bytes();
  view.sequence = row.bigint();
  view.correlation_id = row.optional_bytes();
  view.causation_id = row.optional_bytes();
  view.traceparent = row.optional_bytes();
  view.tracestate = row.optional_bytes();
  row.pairs(view.headers);
}

}  // namespace

ParkedStore::ParkedStore(postgres::Connection& connection, const postgres::MessageLog& log, std::string relay)
    : connection_(connection), log_(log), relay_(std::move(relay)) {
  due_.set_origin("relay_parked");
}

Params ParkedStore::mine() const { return Params{}.text(relay_).text(log_.name); }

std::string ParkedStore::render(std::string_view statement) const { return postgres::render(statement, log_); }

/// The session of a relay does not wait for the disk otherwise: its checkpoints may be lost.
template <class Work>
void ParkedStore::on_disk(Work work) {
  postgres::Transaction transaction{connection_};
  connection_.execute("SET LOCAL synchronous_commit = on");
  work();
  transaction.commit();
}

std::map<TopicKey, std::int64_t> ParkedStore::closed_keys() {
  const auto rows = connection_.query(render(sql::parked_closed), mine());
  std::map<TopicKey, std::int64_t> keys;
  for (int row = 0; row < rows.rows(); ++row) keys[{rows.text(row, 0), rows.text(row, 1)}] = rows.bigint(row, 2);
  return keys;
}

std::vector<ParkedStore::Recent> ParkedStore::recent(std::int64_t after) {
  const auto rows = connection_.query(render(sql::parked_recent), mine().bigint(after));
  std::vector<Recent> all;
  all.reserve(static_cast<std::size_t>(rows.rows()));
  for (int row = 0; row < rows.rows(); ++row) {
    all.push_back({.place = {.position = rows.bigint(row, 0), .id = rows.uuid(row, 1)},
                   .entry = {.policy = policy_of(rows.bytes(row, 2)),
                             .reason = rows.text(row, 4),
                             .dead_letter_topic = rows.text(row, 3)}});
  }
  return all;
}

ParkedStore::News ParkedStore::news() {
  const auto row = connection_.query_prepared("annals_parked_news", render(sql::parked_news), mine());
  return {.anything_waits = row.boolean(0, 0), .decision = row.bigint(0, 1)};
}

void ParkedStore::add(const MessageView& message, const ParkedEntry& entry) {
  auto& params = unwritten_.emplace_back(mine());
  params.bigint(message.position).uuid(message.id).text(policy_text(entry.policy)).text(message.topic);
  params.optional_text(message.key).text(entry.reason).optional_text(entry.dead_letter_topic).text(message.type);
  params.smallint(static_cast<std::int16_t>(message.content_type)).bytea(message.payload).timestamptz(message.time);
  params.optional_text(message.subject).bigint(message.sequence);
  params.optional_text(message.correlation_id).optional_text(message.causation_id);
  params.optional_text(message.traceparent).optional_text(message.tracestate);
  message.headers.empty() ? static_cast<void>(params.null()) : add_headers(params, message.headers);
}

void ParkedStore::write() {
  if (unwritten_.empty()) return;
  on_disk([this] {
    const auto statement = render(sql::parked_add);
    for (const auto& params : unwritten_) connection_.query_prepared("annals_parked_add", statement, params);
  });
  unwritten_.clear();
}

std::vector<ParkedStore::Due> ParkedStore::due(std::size_t rows_max, std::size_t bytes_max) {
  due_.clear();
  connection_.select_rows("annals_parked_due", render(sql::parked_due),
                          mine().bigint(static_cast<std::int64_t>(rows_max)), bytes_max, due_);
  std::vector<Due> all(due_.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    decode(due_.row(i), all[i]);
    // Of the changes of tables all others have a payload.
    all[i].view.tombstone = log_.relation.empty() && all[i].view.payload.empty();
  }
  return all;
}

void ParkedStore::begin(const std::vector<std::int64_t>& places, const EventId& batch) {
  on_disk([&] { connection_.query(render(sql::parked_begin), Params{}.bigint_array(places).uuid(batch)); });
}

void ParkedStore::withdraw(const std::vector<std::int64_t>& places) {
  if (places.empty()) return;
  on_disk([&] { connection_.query(render(sql::parked_withdraw), Params{}.bigint_array(places)); });
}

std::vector<std::int64_t> ParkedStore::of_batch(const EventId& batch) {
  const auto rows = connection_.query(render(sql::parked_of_batch), mine().uuid(batch));
  std::vector<std::int64_t> places;
  places.reserve(static_cast<std::size_t>(rows.rows()));
  for (int row = 0; row < rows.rows(); ++row) places.push_back(rows.bigint(row, 0));
  return places;
}

void ParkedStore::finish(const std::vector<std::int64_t>& places, Outcome outcome) {
  if (places.empty()) return;
  on_disk([&] {
    if (outcome == Outcome::published)
      connection_.query(render(sql::parked_drop_waiting), Params{}.bigint_array(places));
    connection_.query(render(sql::parked_done),
                      Params{}.bigint_array(places).text(outcome == Outcome::published ? "published" : "skipped"));
  });
}

void ParkedStore::refuse(std::int64_t place, std::int64_t decision, std::string_view reason) {
  on_disk(
      [&] { connection_.query(render(sql::parked_refused), Params{}.bigint(place).text(reason).bigint(decision)); });
}

void ParkedStore::keep(const MessageSource::Place& place, std::string_view reason) {
  write();
  on_disk(
      [&] { connection_.query(render(sql::parked_kept), mine().bigint(place.position).uuid(place.id).text(reason)); });
}

}  // namespace annals::outbox
