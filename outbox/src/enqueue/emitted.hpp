#pragma once
#include <string>
#include <string_view>

#include "annals/outbox/message.hpp"

namespace annals::outbox {

/// Which messages of the write-ahead log are of outbox_emit() and one schema: by their prefix, which has the schema's secret.
/// Anybody may write a message into the log, with any prefix that he knows.
///
/// Format, ASCII:  annals.outbox/VERSION/SCHEMA/TOKEN
class EmittedPrefix {
 public:
  /// Of no schema: everything is foreign.
  EmittedPrefix() = default;
  EmittedPrefix(std::string_view schema, std::string_view token);

  enum class Of {
    others,  ///< not of this schema, or made up
    ours,    ///< decode_emitted() is the way to read it
    newer,   ///< of this schema, and of a version that this program does not know
  };
  [[nodiscard]] Of of(std::string_view prefix) const;

 private:
  std::string behind_version_;  // "/SCHEMA/TOKEN"; empty: of none
};

/// What outbox_emit() wrote, version 1, but for the ticket. The texts are views into `content`.
///
/// Format: what PostgreSQL's record_send() makes of ROW(…), big-endian: int32 14, then for each field int32 type's OID, int32 length or
/// -1 for NULL, bytes. So it can be written in SQL:
///     position int8, id uuid, recorded_at timestamptz, occurred_at timestamptz or NULL, content_type int2, topic bytea,
///     key bytea or NULL, type bytea, payload bytea, correlation_id, causation_id, traceparent, tracestate bytea or NULL,
///     headers bytea[] or NULL: name, value, name, value …
/// The texts are UTF-8 as bytea, because record_send() itself would write them as the session's client speaks.
///
/// Throws Error{corrupt} for what is none, is longer or shorter than it says, or is no legal message.
void decode_emitted(std::string_view content, MessageView& view);

}  // namespace annals::outbox
