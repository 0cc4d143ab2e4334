#include "roles/matrix.hpp"

namespace annals::roles {
namespace {

// All columns but position and recorded_at, which are not a writer's to give: OVERRIDING SYSTEM VALUE on the whole table
// would let him choose a position, and readers would pass over everything below it.
constexpr std::string_view append_events =
    "SELECT, INSERT (stream_id, version, occurred_at, event_id, content_type, type, data, correlation_id, causation_id,"
    " traceparent, tracestate, headers)";
constexpr std::string_view enqueue =
    "SELECT, INSERT (occurred_at, message_id, content_type, topic, key, type, payload, correlation_id, causation_id,"
    " traceparent, tracestate, headers)";
constexpr std::string_view keep = "SELECT, INSERT, UPDATE";
// Also what it removes when it has no use any more.
constexpr std::string_view keep_and_remove = "SELECT, INSERT, UPDATE, DELETE";
// A decision goes along with its message when the shards of a relay change.
constexpr std::string_view heed = "SELECT, UPDATE (relay)";
// How far the log is final, for readers on a replica; not for those who look and do not serve.
constexpr std::string_view prove = "SELECT, UPDATE (position, proven_at)";
// Who decided, and when, is written by the database.
constexpr std::string_view decide = "SELECT, INSERT (relay, log, position, message_id, action, headers, reason)";
// What a relay set aside, and what became of it.
constexpr std::string_view set_aside = "SELECT, INSERT, UPDATE, DELETE";

// A claim is never changed; its number and time are the database's.
constexpr std::string_view claim = "SELECT, INSERT (log, message_position, message_id, sha256, payload)";

// What grants the right to attach, roll and drop partitions, as the table's retention says and no further.
constexpr std::string_view call = "EXECUTE";
constexpr std::string_view maintain = "outbox_maintain()";
// The same of what goes into the write-ahead log alone, and of whether anything may.
constexpr std::string_view emit =
    "outbox_emit(text,text,text,bytea,integer,uuid,timestamptz,text,text,text,text,text[])";
constexpr std::string_view switch_emission = "outbox_emission_switch(name[],boolean)";
// All but the token, by which a relay that reads the log knows its messages.
constexpr std::string_view see_emission = "SELECT (slots, emitted_until, changed_at, changed_by)";
constexpr std::string_view maintain_claims = "claims_maintain()";
// Of what a reference is known to.
constexpr std::string_view claim_payload = "claim_payload(text)";

constexpr Right rights[] = {
    {Kind::writer, "schema_migrations", "SELECT"},
    {Kind::writer, "streams", "SELECT, INSERT (name, version), UPDATE (version)"},
    {Kind::writer, "events", append_events},
    {Kind::writer, "events_horizon", "SELECT"},
    {Kind::writer, "outbox", enqueue},
    {Kind::writer, emit, call},

    {Kind::outbox_relay, "schema_migrations", "SELECT"},
    {Kind::outbox_relay, "outbox", "SELECT"},
    {Kind::outbox_relay, "outbox_horizon", prove},
    {Kind::outbox_relay, "outbox_retention", "SELECT"},
    {Kind::outbox_relay, "outbox_emission", see_emission},
    {Kind::outbox_relay, maintain, call},
    {Kind::outbox_relay, "relay_checkpoints", keep_and_remove},
    {Kind::outbox_relay, "relay_shards", keep},
    {Kind::outbox_relay, "relay_instances", "SELECT, INSERT, DELETE"},
    {Kind::outbox_relay, "relay_decisions", heed},
    {Kind::outbox_relay, "relay_parked", set_aside},
    {Kind::outbox_relay, "claims", claim},
    {Kind::outbox_relay, "claims_retention", "SELECT"},
    {Kind::outbox_relay, maintain_claims, call},

    {Kind::events_relay, "schema_migrations", "SELECT"},
    {Kind::events_relay, "streams", "SELECT"},
    {Kind::events_relay, "events", "SELECT"},
    {Kind::events_relay, "events_horizon", prove},
    {Kind::events_relay, "relay_checkpoints", keep_and_remove},
    {Kind::events_relay, "relay_shards", keep},
    {Kind::events_relay, "relay_instances", "SELECT, INSERT, DELETE"},
    {Kind::events_relay, "relay_decisions", heed},
    {Kind::events_relay, "relay_parked", set_aside},
    {Kind::events_relay, "claims", claim},
    {Kind::events_relay, "claims_retention", "SELECT"},
    {Kind::events_relay, maintain_claims, call},

    // The same as both, because it may read all of it in the write-ahead log anyway.
    {Kind::wal_relay, "schema_migrations", "SELECT"},
    {Kind::wal_relay, "streams", "SELECT"},
    {Kind::wal_relay, "events", "SELECT"},
    {Kind::wal_relay, "events_horizon", prove},
    {Kind::wal_relay, "outbox", "SELECT"},
    {Kind::wal_relay, "outbox_horizon", prove},
    {Kind::wal_relay, "outbox_retention", "SELECT"},
    {Kind::wal_relay, "outbox_emission", "SELECT"},
    {Kind::wal_relay, maintain, call},
    {Kind::wal_relay, "relay_checkpoints", keep_and_remove},
    {Kind::wal_relay, "relay_shards", keep},
    {Kind::wal_relay, "relay_instances", "SELECT, INSERT, DELETE"},
    {Kind::wal_relay, "relay_decisions", heed},
    {Kind::wal_relay, "relay_parked", set_aside},
    {Kind::wal_relay, "claims", claim},
    {Kind::wal_relay, "claims_retention", "SELECT"},
    {Kind::wal_relay, maintain_claims, call},

    {Kind::projector, "schema_migrations", "SELECT"},
    {Kind::projector, "streams", "SELECT"},
    {Kind::projector, "events", "SELECT"},
    {Kind::projector, "events_horizon", prove},
    {Kind::projector, "projections", keep},

    {Kind::consumer, "schema_migrations", "SELECT"},
    {Kind::consumer, "inbox_offsets", keep},
    {Kind::consumer, "inbox_messages", "SELECT, INSERT, DELETE"},

    {Kind::claim_reader, claim_payload, call},

    {Kind::operate, "schema_migrations", "SELECT"},
    {Kind::operate, "streams", "SELECT"},
    {Kind::operate, "streams_stream_id_seq", "SELECT"},
    {Kind::operate, "events", "SELECT"},
    {Kind::operate, "events_horizon", "SELECT"},
    {Kind::operate, "events_position_seq", "SELECT"},
    {Kind::operate, "outbox", "SELECT"},
    {Kind::operate, "outbox_horizon", "SELECT"},
    {Kind::operate, "outbox_position_seq", "SELECT"},
    {Kind::operate, "outbox_retention", "SELECT, UPDATE (retain, partition_span, partition_rows, lock_wait)"},
    {Kind::operate, "outbox_emission", see_emission},
    {Kind::operate, switch_emission, call},
    {Kind::operate, maintain, call},
    {Kind::operate, "claims", "SELECT (position, recorded_at, log, message_position, message_id, sha256)"},
    {Kind::operate, "claims_position_seq", "SELECT"},
    {Kind::operate, "claims_retention", "SELECT, UPDATE (retain, partition_span, partition_rows, lock_wait)"},
    {Kind::operate, maintain_claims, call},
    {Kind::operate, "relay_checkpoints", "SELECT, INSERT, UPDATE, DELETE"},  // DELETE: what nobody will go on with
    {Kind::operate, "relay_shards", "SELECT, UPDATE (wanted)"},
    {Kind::operate, "relay_instances", "SELECT"},
    {Kind::operate, "relay_decisions", decide},
    {Kind::operate, "relay_parked", "SELECT"},
    {Kind::operate, "inbox_offsets", "SELECT, UPDATE (next_offset, last_id), DELETE"},  // what the inbox's hints say
    {Kind::operate, "projections",
     "SELECT, UPDATE (reset_requested, position, event_id, system_identifier, updated_at)"},

    {Kind::doctor, "schema_migrations", "SELECT"},
    {Kind::doctor, "streams", "SELECT"},
    {Kind::doctor, "streams_stream_id_seq", "SELECT"},
    {Kind::doctor, "events", "SELECT"},
    {Kind::doctor, "events_horizon", "SELECT"},
    {Kind::doctor, "events_position_seq", "SELECT"},
    {Kind::doctor, "outbox", "SELECT"},
    {Kind::doctor, "outbox_horizon", "SELECT"},
    {Kind::doctor, "outbox_position_seq", "SELECT"},
    {Kind::doctor, "outbox_retention", "SELECT"},
    {Kind::doctor, "outbox_emission", see_emission},
    {Kind::doctor, "claims", "SELECT (position, recorded_at, log, message_position, message_id, sha256)"},
    {Kind::doctor, "claims_position_seq", "SELECT"},
    {Kind::doctor, "claims_retention", "SELECT"},
    {Kind::doctor, "relay_checkpoints", "SELECT"},
    {Kind::doctor, "relay_shards", "SELECT"},
    {Kind::doctor, "relay_instances", "SELECT"},
    {Kind::doctor, "relay_decisions", "SELECT"},
    {Kind::doctor, "relay_parked", "SELECT"},
    {Kind::doctor, "projections", "SELECT"},
    {Kind::doctor, "inbox_offsets", "SELECT"},
    {Kind::doctor, "inbox_messages", "SELECT"},
};

constexpr std::string_view all_tables[] = {"schema_migrations",
                                           "streams",
                                           "events",
                                           "events_horizon",
                                           "outbox",
                                           "outbox_horizon",
                                           "outbox_retention",
                                           "relay_checkpoints",
                                           "relay_shards",
                                           "relay_instances",
                                           "relay_decisions",
                                           "relay_parked",
                                           "outbox_emission",
                                           "claims",
                                           "claims_retention",
                                           "projections",
                                           "inbox_offsets",
                                           "inbox_messages"};

constexpr std::string_view all_sequences[] = {"streams_stream_id_seq",  "events_position_seq",
                                              "outbox_position_seq",    "relay_decisions_decision_seq",
                                              "relay_parked_place_seq", "claims_position_seq"};

constexpr std::string_view all_functions[] = {maintain, maintain_claims, claim_payload, emit, switch_emission};

}  // namespace

std::string_view to_string(Kind kind) noexcept {
  switch (kind) {
    case Kind::writer: return "writer";
    case Kind::outbox_relay: return "outbox-relay";
    case Kind::events_relay: return "events-relay";
    case Kind::wal_relay: return "wal-relay";
    case Kind::projector: return "projector";
    case Kind::consumer: return "consumer";
    case Kind::claim_reader: return "claim-reader";
    case Kind::reader: return "reader";
    case Kind::operate: return "operator";
    case Kind::doctor: return "doctor";
  }
  return "?";
}

std::span<const Right> matrix() noexcept { return rights; }
std::span<const std::string_view> tables() noexcept { return all_tables; }
std::span<const std::string_view> sequences() noexcept { return all_sequences; }
std::span<const std::string_view> functions() noexcept { return all_functions; }

}  // namespace annals::roles
