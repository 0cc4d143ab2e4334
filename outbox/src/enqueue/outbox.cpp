#include "annals/outbox/outbox.hpp"

#include <fmt/format.h>

#include <array>
#include <string>
#include <utility>

#include "annals/core/error.hpp"
#include "annals/core/limits.hpp"
#include "annals/core/text.hpp"
#include "annals/postgres/array_literal.hpp"
#include "annals/postgres/error.hpp"
#include "annals/postgres/log_table.hpp"
#include "annals/postgres/prepared_statement.hpp"
#include "annals/postgres/sql_text.hpp"
#include "annals_outbox_sql.hpp"

namespace annals::outbox {
namespace {

using postgres::PqxxParams;

constexpr std::size_t column_count = 12;
constexpr std::string_view not_in_this_state = "55000";

/// The columns of one message in the order of enqueue.sql; an empty text of an optional column stands for NULL.
std::array<std::string, column_count> columns(const Message& message) {
  return {message.id.to_string(),
          message.topic,
          message.key,
          message.type,
          std::to_string(static_cast<int>(message.content_type)),
          postgres::encode_bytea(message.payload),
          message.occurred_at ? format_timestamp(*message.occurred_at) : std::string{},
          message.metadata.correlation_id,
          message.metadata.causation_id,
          message.metadata.traceparent,
          message.metadata.tracestate,
          postgres::write_headers(message.metadata.headers).value_or("")};
}

PqxxParams params_of(const Message& message) {
  PqxxParams params;
  for (const auto& column : columns(message)) {
    if (column.empty()) {
      params.null();
    } else {
      params.text(column);
    }
  }
  return params;
}

PqxxParams params_of(std::span<const Message> messages) {
  std::array<postgres::ArrayLiteral, column_count> arrays;
  for (const auto& message : messages) {
    const auto texts = columns(message);
    for (std::size_t i = 0; i < column_count; ++i) arrays[i].add(texts[i]);
  }
  PqxxParams params;
  for (auto& array : arrays) params.text(std::move(array).finish());
  return params;
}

void require_valid_all(std::span<const Message> messages) {
  if (messages.size() > limits::append_events_max) {
    throw invalid(fmt::format("{} messages in one enqueue", messages.size()),
                  fmt::format("at most {} are allowed; split them over several calls", limits::append_events_max));
  }
  std::size_t bytes = 0;
  for (const auto& message : messages) {
    require_valid(message);
    bytes += byte_size(message);
  }
  if (bytes > limits::append_bytes_max) {
    throw invalid(fmt::format("{} bytes in one enqueue", bytes),
                  fmt::format("at most {} are allowed; split them over several calls", limits::append_bytes_max));
  }
}

std::vector<std::int64_t> run(const postgres::PreparedStatement& statement, pqxx::transaction_base& tx,
                              const PqxxParams& params, std::size_t expected, std::string_view what = "enqueue") {
  std::vector<std::int64_t> positions;
  positions.reserve(expected);
  try {
    for (const auto& row : statement.exec(tx, params)) positions.push_back(row[0].as<std::int64_t>());
  } catch (const pqxx::failure&) {
    postgres::rethrow_pqxx(fmt::format("{} {} message{}", what, expected, expected == 1 ? "" : "s"));
  }
  if (positions.size() != expected) {
    throw Error{ErrorKind::failed,
                fmt::format("the outbox kept {} of {} messages", positions.size(), expected),
                {.hint = "roll back; a trigger or a rule that somebody put on the table swallows rows: remove it"}};
  }
  return positions;
}

/// What outbox_emit() says itself, but for its hint, which does not come through.
std::vector<std::int64_t> run_emit(const postgres::PreparedStatement& statement, pqxx::transaction_base& tx,
                                   const PqxxParams& params, std::size_t expected) {
  try {
    return run(statement, tx, params, expected, "emit");
  } catch (const Error& error) {
    if (error.sqlstate() != not_in_this_state) throw;
    throw Error{error.kind(),
                error.message(),
                {.hint = "enqueue the message; or see what `annals outbox emission` says, and have an operator run "
                         "`annals outbox emission on`",
                 .sqlstate = error.sqlstate()}};
  }
}

}  // namespace

struct Outbox::Impl {
  explicit Impl(const std::string& schema)
      : one("enqueue", postgres::render(sql::enqueue, schema)),
        many("enqueue_many", postgres::render(sql::enqueue_many, schema)),
        emit_one("emit", postgres::render(sql::emit, schema)),
        emit_many("emit_many", postgres::render(sql::emit_many, schema)) {}
  postgres::PreparedStatement one;
  postgres::PreparedStatement many;
  postgres::PreparedStatement emit_one;
  postgres::PreparedStatement emit_many;
};

Outbox::Outbox(const postgres::Database& database) : impl_(std::make_unique<Impl>(database.schema)) {}
Outbox::~Outbox() = default;

std::int64_t Outbox::enqueue(pqxx::transaction_base& tx, const Message& message) const {
  require_valid(message);
  return run(impl_->one, tx, params_of(message), 1).front();
}

std::vector<std::int64_t> Outbox::enqueue(pqxx::transaction_base& tx, std::span<const Message> messages) const {
  if (messages.empty()) return {};
  require_valid_all(messages);
  return run(impl_->many, tx, params_of(messages), messages.size());
}

std::int64_t Outbox::emit(pqxx::transaction_base& tx, const Message& message) const {
  require_valid(message);
  return run_emit(impl_->emit_one, tx, params_of(message), 1).front();
}

std::vector<std::int64_t> Outbox::emit(pqxx::transaction_base& tx, std::span<const Message> messages) const {
  if (messages.empty()) return {};
  require_valid_all(messages);
  return run_emit(impl_->emit_many, tx, params_of(messages), messages.size());
}

}  // namespace annals::outbox
