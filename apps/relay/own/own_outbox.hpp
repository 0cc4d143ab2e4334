#pragma once
#include <string>
#include <string_view>

#include "annals/core/content_type.hpp"
#include "annals/postgres/message_log.hpp"

namespace annals::relayd {

/// A service's own table of messages, and what of a row is which part of a message. Whoever writes rows decides what is published; what
/// the table must have beyond its columns is said by find_lacks(). own_outbox.cpp opens with why.
///
/// But for table and position, which are names as they are, without quotes, each member is an expression of PostgreSQL over a row, with the
/// rights and the search_path of the relay's session; an empty one stands for NULL.
struct OwnOutbox {
  std::string table;                  ///< "schema.table"; also the log's name, so at most 63 bytes
  std::string position = "position";  ///< a bigint that the table itself counts up: GENERATED ALWAYS AS IDENTITY
  std::string id;                     ///< a UUID, or anything that is another one in each row; empty: the position
  std::string topic;
  std::string key;
  std::string type;
  std::string payload;  ///< bytea as it is, anything else as text in UTF-8
  std::string headers;  ///< an object in json or jsonb, or text[] of name, value, name, value …
  std::string time;     ///< timestamptz, timestamp (taken for UTC), or milliseconds since 1970; empty: when it is read
  std::string traceparent;
  std::string tracestate;
  /// Of a payload that is neither json nor jsonb, which say it themselves.
  ContentType content_type = ContentType::octet_stream;
};

/// The columns and topics of Debezium's outbox event router by its defaults; without a table.
[[nodiscard]] OwnOutbox debezium_layout();

/// Throws Error{invalid}: a name or an expression that cannot be meant, or no topic, type or payload.
void require_valid(const OwnOutbox& own);

/// The log that `own` makes of its table, called as the table; the relay's checkpoints are in `schema`. It cannot be read from the
/// write-ahead log. Throws what require_valid() throws.
[[nodiscard]] postgres::MessageLog message_log(const std::string& schema, const OwnOutbox& own);

/// The table as statements name it, with quotes where it needs them.
[[nodiscard]] std::string relation_of(const OwnOutbox& own);

/// The expressions under their names in the configuration.
struct NamedExpression {
  std::string_view name;
  std::string OwnOutbox::*member;
};
inline constexpr NamedExpression own_expressions[] = {{"id", &OwnOutbox::id},
                                                      {"topic", &OwnOutbox::topic},
                                                      {"key", &OwnOutbox::key},
                                                      {"type", &OwnOutbox::type},
                                                      {"payload", &OwnOutbox::payload},
                                                      {"headers", &OwnOutbox::headers},
                                                      {"time", &OwnOutbox::time},
                                                      {"traceparent", &OwnOutbox::traceparent},
                                                      {"tracestate", &OwnOutbox::tracestate}};

}  // namespace annals::relayd
