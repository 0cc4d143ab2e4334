#pragma once
#include <string>
#include <string_view>
#include <tuple>

/// The columns of an event, said once: name, kind, and the member that holds it. What writes events (columns/encode.hpp),
/// what reads them (columns/decode.hpp) and the lists in the statements (column_lists.cpp) walk these lists.
namespace annals::eventstore::columns {

// Kinds: the type in a statement; encode.hpp and decode.hpp know each one's forms on the wire.
struct Bigint {
  static constexpr std::string_view sql = "bigint";
};
struct Smallint {
  static constexpr std::string_view sql = "smallint";
};
struct Uuid {
  static constexpr std::string_view sql = "uuid";
};
struct Text {
  static constexpr std::string_view sql = "text";
};
struct OptionalText {  ///< an empty string is NULL
  static constexpr std::string_view sql = "text";
};
struct Bytea {
  static constexpr std::string_view sql = "bytea";
};
struct Headers {  ///< name, value, name, value …; none is NULL
  static constexpr std::string_view sql = "text[]";
};
struct Time {
  static constexpr std::string_view sql = "timestamptz";
};
struct OptionalTime {
  static constexpr std::string_view sql = "timestamptz";
};

template <class KindOf, class MemberOf>
struct Column {
  using Kind = KindOf;
  std::string_view name;
  MemberOf of;  ///< the member of an event, whatever type of event has it
};

template <class Kind, class MemberOf>
constexpr Column<Kind, MemberOf> column(std::string_view name, MemberOf of) {
  return {name, of};
}

inline constexpr auto version = column<Bigint>(
    "version", [](auto& e) -> auto& { return e.version; });
inline constexpr auto recorded_at = column<Time>(
    "recorded_at", [](auto& e) -> auto& { return e.recorded_at; });
inline constexpr auto event_id = column<Uuid>(
    "event_id", [](auto& e) -> auto& { return e.id; });
inline constexpr auto type = column<Text>(
    "type", [](auto& e) -> auto& { return e.type; });
inline constexpr auto content_type = column<Smallint>(
    "content_type", [](auto& e) -> auto& { return e.content_type; });
inline constexpr auto data = column<Bytea>(
    "data", [](auto& e) -> auto& { return e.data; });
inline constexpr auto correlation_id = column<OptionalText>(
    "correlation_id", [](auto& e) -> auto& { return e.metadata.correlation_id; });
inline constexpr auto causation_id = column<OptionalText>(
    "causation_id", [](auto& e) -> auto& { return e.metadata.causation_id; });
inline constexpr auto traceparent = column<OptionalText>(
    "traceparent", [](auto& e) -> auto& { return e.metadata.traceparent; });
inline constexpr auto tracestate = column<OptionalText>(
    "tracestate", [](auto& e) -> auto& { return e.metadata.tracestate; });
inline constexpr auto headers = column<Headers>(
    "headers", [](auto& e) -> auto& { return e.metadata.headers; });
inline constexpr auto occurred_at = column<OptionalTime>(
    "occurred_at", [](auto& e) -> auto& { return e.occurred_at; });

/// What the producer gives: every append writes these, in this order.
inline constexpr std::tuple given{event_id,     type,        content_type, data,    correlation_id,
                                  causation_id, traceparent, tracestate,   headers, occurred_at};
/// What every read gets, behind the event's place in the log.
inline constexpr auto recorded = std::tuple_cat(std::tuple{version, recorded_at}, given);
/// What tells an event from another: an append that is made again must find these.
inline constexpr std::tuple identity{event_id, type, data};

template <class Columns, class Visit>
constexpr void for_each(const Columns& columns, Visit visit) {
  std::apply([&](const auto&... column) { (visit(column), ...); }, columns);
}

/// Whether both are the same event by that.
template <class A, class B>
[[nodiscard]] bool is_same(const A& a, const B& b) {
  return std::apply([&](const auto&... column) { return ((column.of(a) == column.of(b)) && ...); }, identity);
}

/// How rows come back: libpq's binary form, or text that does not depend on the settings of the caller's session.
enum class Form { binary, text };

/// "event_id, type, …": the given columns in an INSERT, and the names that an unnest of theirs gives.
[[nodiscard]] std::string names();
/// "$3::uuid, $4::text, …": one parameter a given column.
[[nodiscard]] std::string parameters(int first);
/// "$3::uuid[], $4::text[], …": an array of each, headers as texts.
[[nodiscard]] std::string arrays(int first);
/// "e.event_id, e.type, …, e.headers::text[], …": an unnest of arrays() as what is inserted.
[[nodiscard]] std::string values();
/// "e.version, e.recorded_at, …": what columns::recorded and columns::identity are read from.
[[nodiscard]] std::string select_recorded(Form form);
[[nodiscard]] std::string select_identity(Form form);

}  // namespace annals::eventstore::columns
