#pragma once
#include <string>

namespace annals::postgres {

/// The first PostgreSQL whose pgoutput carries what pg_logical_emit_message() wrote: 14.
inline constexpr int emission_version_min = 140000;

/// An append-only table whose rows can be published as messages. A plain value: the module that owns the table makes it
/// (outbox::message_log(), eventstore::message_log()), main() hands it to whoever reads it, and so the relay knows no
/// module's tables.
///
/// `select` gives these columns in this order, and whoever reads rows of a MessageLog relies on it:
///
///     position bigint, stream bigint, id uuid, topic text, key text, type text, content_type smallint, payload bytea,
///     time timestamptz, correlation_id text, causation_id text, traceparent text, tracestate text, headers text[],
///     sequence bigint
///
/// topic, key and all from correlation_id to headers may be NULL. `stream` is 0 for a message of no stream; the name of
/// any other is looked up with `stream_names` and is the message's key and subject.
struct MessageLog {
  std::string name;               ///< the word for it in options, commands, checkpoints and metrics: "outbox", "events"
  std::string schema;             ///< a plain identifier; relays keep their checkpoints for this log here
  std::string relation;           ///< "schema.table"; empty: it is in no table, and read from the write-ahead log only
  std::string select;             ///< no WHERE, no ORDER BY
  std::string position;           ///< the position column as `select` names it: "o.position"
  std::string id;                 ///< the column of the table that identifies a message for good: "message_id"
  std::string stream_names = {};  ///< takes a bigint[], returns (stream, name); empty: rows are of no stream
  std::string stream_remedy = {};  ///< for people: what to do about a stream that `stream_names` does not know
  std::string horizon = {};        ///< where the proven horizon is kept (HorizonStore); empty: nowhere
  bool names_topics = false;       ///< rows say their topic; otherwise whoever publishes them does
  /// SQL of a bigint over a row of `select`, the same for all rows of one key and the same for good: by it relays divide the log.
  std::string shard_hash = {};
  /// SQL that stands for the table's rows where statements of the module name a column, "(SELECT … )": a table whose columns are called
  /// otherwise. Has position, the id and recorded_at. Empty: the table itself.
  std::string rows = {};
  /// Of the inserts into the table, for who reads them from the write-ahead log; empty: nobody can.
  std::string publication = {};
  bool emits = false;  ///< what was emitted is of this log as well: messages that the write-ahead log alone has
  /// Columns of the table that are not called as in `select`; an empty one is not there. recorded_at is its time, where
  /// occurred_at is NULL.
  struct Columns {
    std::string stream = {};
    std::string payload = {};
    std::string sequence = {};
  } columns = {};
};

}  // namespace annals::postgres
