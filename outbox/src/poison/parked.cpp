#include "annals/outbox/parked.hpp"

#include <fmt/format.h>

#include "annals/core/error.hpp"
#include "annals/core/metadata.hpp"
#include "annals/core/text.hpp"
#include "annals/postgres/connection.hpp"
#include "annals/postgres/row_batch.hpp"
#include "annals/postgres/sql_text.hpp"
#include "annals_outbox_sql.hpp"
#include "poison/parked_columns.hpp"
#include "poison/reason.hpp"

namespace annals::outbox {

using postgres::Connection;
using postgres::MessageLog;
using postgres::Params;

namespace {

std::string_view text_of(ParkedAction action) {
  switch (action) {
    case ParkedAction::retry: return "retry";
    case ParkedAction::skip: return "skip";
    case ParkedAction::headers: break;
  }
  return "headers";
}

std::optional<Timestamp> optional_time(const postgres::Result& rows, int row, int column) {
  if (rows.is_null(row, column)) return std::nullopt;
  return rows.timestamptz(row, column);
}

ParkedMessage message_of(const postgres::Result& rows, int row) {
  ParkedMessage message{.position = rows.bigint(row, 0),
                        .id = rows.uuid(row, 1),
                        .policy = policy_of(rows.bytes(row, 2)),
                        .topic = rows.text(row, 3),
                        .key = rows.text(row, 4),
                        .reason = rows.text(row, 5),
                        .dead_letter_topic = rows.text(row, 6),
                        .parked_at = rows.timestamptz(row, 7),
                        .attempts = rows.integer(row, 8),
                        .type = rows.text(row, 9),
                        .payload_bytes = rows.bigint(row, 10),
                        .outcome = rows.text(row, 11),
                        .done_at = optional_time(rows, row, 12),
                        .last_decision = std::nullopt};
  if (!rows.is_null(row, 13)) {
    message.last_decision = {rows.text(row, 13), rows.text(row, 14), rows.timestamptz(row, 15), rows.text(row, 16)};
  }
  return message;
}

Params& add_optional(Params& params, const std::optional<std::string>& text) {
  return text ? params.text(*text) : params.null();
}

std::vector<ParkedMessage> list(Connection& connection, const MessageLog& log, const ParkedFilter& filter,
                                std::optional<std::int64_t> position) {
  auto params = Params{}.text(filter.relay).text(log.name).boolean(filter.with_done);
  add_optional(params, filter.topic);
  add_optional(params, filter.key);
  position ? params.bigint(*position) : params.null();
  params.bigint(static_cast<std::int64_t>(filter.limit));
  const auto rows = connection.query(postgres::render(sql::parked_list, log), params);
  std::vector<ParkedMessage> messages;
  messages.reserve(static_cast<std::size_t>(rows.rows()));
  for (int row = 0; row < rows.rows(); ++row) messages.push_back(message_of(rows, row));
  return messages;
}

/// What waits at the position, or else what is done there.
std::optional<ParkedMessage> find(Connection& connection, const MessageLog& log, const std::string& relay,
                                  std::int64_t position) {
  auto all = list(connection, log, {.relay = relay, .with_done = true, .limit = 2}, position);
  if (all.empty()) return std::nullopt;
  if (all.size() == 2 && all.front().done_at && !all.back().done_at) return std::move(all.back());
  return std::move(all.front());
}

Params message_key(const MessageLog& log, const std::string& relay, const ParkedMessage& message) {
  return Params{}.text(relay).text(log.name).bigint(message.position).uuid(message.id);
}

void require_decidable(Connection& connection, const MessageLog& log, const ParkedDecision& decision,
                       const std::optional<ParkedMessage>& message) {
  if (!message || message->done_at) {
    throw invalid(fmt::format("relay \"{}\" has set nothing aside at position {} of {}{}", printable(decision.relay),
                              decision.position, log.name,
                              message ? fmt::format(" that waits still: it was {}", message->outcome) : ""),
                  "see `annals outbox parked list`");
  }
  if (decision.action != ParkedAction::retry) return;
  if (message->reason.empty()) {
    throw invalid(
        fmt::format("message {} of {} waits behind another of its key, and goes with it", decision.position, log.name),
        "decide about the one before it; see `annals outbox parked list`");
  }
  const auto before =
      connection.query(postgres::render(sql::parked_before, log), message_key(log, decision.relay, *message));
  if (before.empty()) return;
  throw invalid(fmt::format("message {} of {} comes after {}, of the same key, which cannot be published either",
                            decision.position, log.name, before.bigint(0, 0)),
                "decide about that one first, or release the whole key");
}

void require_headers(const ParkedDecision& decision) {
  Metadata metadata;
  metadata.headers = decision.headers;
  require_valid(metadata);
}

}  // namespace

std::vector<ParkedMessage> list_parked(Connection& connection, const MessageLog& log, const ParkedFilter& filter) {
  return list(connection, log, filter, std::nullopt);
}

std::optional<ParkedContent> find_parked(Connection& connection, const MessageLog& log, const std::string& relay,
                                         std::int64_t position) {
  auto message = find(connection, log, relay, position);
  if (!message) return std::nullopt;
  const auto key = message_key(log, relay, *message);
  postgres::RowBatch rows;
  connection.select_rows("annals_parked_content", postgres::render(sql::parked_content, log), key, SIZE_MAX, rows);
  if (rows.empty()) return std::nullopt;
  rows.set_origin("relay_parked");
  auto row = rows.row(0);
  ParkedContent content;
  content.message = std::move(*message);
  content.content_type = content_type_from_code(row.smallint());
  content.payload = row.bytes();
  content.occurred_at = row.timestamptz();
  content.subject = row.optional_bytes();
  content.sequence = row.bigint();
  content.correlation_id = row.optional_bytes();
  content.causation_id = row.optional_bytes();
  content.traceparent = row.optional_bytes();
  content.tracestate = row.optional_bytes();
  row.pairs(content.headers);
  const auto decisions = connection.query(postgres::render(sql::parked_decisions, log), key);
  for (int i = 0; i < decisions.rows(); ++i) {
    content.decisions.push_back(
        {decisions.text(i, 0), decisions.text(i, 1), decisions.timestamptz(i, 2), decisions.text(i, 3)});
  }
  return content;
}

void decide_parked(Connection& connection, const MessageLog& log, const ParkedDecision& decision) {
  require_reason(decision.reason);
  require_headers(decision);
  const auto message = find(connection, log, decision.relay, decision.position);
  require_decidable(connection, log, decision, message);
  auto params = message_key(log, decision.relay, *message).text(text_of(decision.action));
  if (decision.action == ParkedAction::headers) {
    add_headers(params, decision.headers);
  } else {
    params.null();
  }
  params.text(decision.reason);
  connection.query(postgres::render(sql::parked_decide, log), params);
}

std::int64_t release_parked(Connection& connection, const MessageLog& log, const std::string& relay,
                            const std::pair<std::string, std::string>& topic_and_key, const std::string& reason) {
  require_reason(reason);
  const auto& [topic, key] = topic_and_key;
  const auto made = connection
                        .query(postgres::render(sql::parked_release, log),
                               Params{}.text(relay).text(log.name).text(topic).text(key).text(reason))
                        .affected();
  if (made > 0) return made;
  throw invalid(fmt::format("relay \"{}\" has parked nothing of key \"{}\" of topic {}", printable(relay),
                            printable(key), printable(topic)),
                "see `annals outbox parked list`");
}

}  // namespace annals::outbox
