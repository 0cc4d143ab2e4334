#include "columns/encode.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "annals/postgres/array_literal.hpp"
#include "columns/event_columns.hpp"

namespace annals::eventstore::columns {
namespace {

using Events = std::span<const NewEvent* const>;
using HeaderPairs = std::vector<std::pair<std::string, std::string>>;
using OptionalView = std::optional<std::string_view>;

// --- binary: one value ---

void add(Uuid, postgres::Params& params, const EventId& id) { params.uuid(id); }
void add(Text, postgres::Params& params, const std::string& text) { params.text(text); }
void add(OptionalText, postgres::Params& params, const std::string& text) { params.optional_text(text); }
void add(Smallint, postgres::Params& params, ContentType type) { params.smallint(static_cast<std::int16_t>(type)); }
void add(Bytea, postgres::Params& params, const std::string& bytes) { params.bytea(bytes); }
void add(OptionalTime, postgres::Params& params, const std::optional<Timestamp>& time) {
  time ? params.timestamptz(*time) : params.null();
}
void add(Headers, postgres::Params& params, const HeaderPairs& headers) {
  if (headers.empty()) {
    params.null();
    return;
  }
  std::vector<OptionalView> flat;
  flat.reserve(headers.size() * 2);
  for (const auto& [name, value] : headers) {
    flat.emplace_back(name);
    flat.emplace_back(value);
  }
  params.text_array(flat);
}

// --- binary: an array ---

template <class Member, class Value>
auto collect(Events events, const Member& of, Value value) {
  std::vector<decltype(value(of(*events[0])))> values;
  values.reserve(events.size());
  for (const auto* event : events) values.push_back(value(of(*event)));
  return values;
}

template <class Member>
void add_all(Uuid, postgres::Params& params, Events events, const Member& of) {
  params.uuid_array(collect(events, of, [](const EventId& id) { return id; }));
}
template <class Member>
void add_all(Text, postgres::Params& params, Events events, const Member& of) {
  params.text_array(collect(events, of, [](const std::string& text) { return OptionalView{text}; }));
}
template <class Member>
void add_all(OptionalText, postgres::Params& params, Events events, const Member& of) {
  params.text_array(
      collect(events, of, [](const std::string& text) { return text.empty() ? OptionalView{} : OptionalView{text}; }));
}
template <class Member>
void add_all(Smallint, postgres::Params& params, Events events, const Member& of) {
  params.smallint_array(collect(events, of, [](ContentType type) { return static_cast<std::int16_t>(type); }));
}
template <class Member>
void add_all(Bytea, postgres::Params& params, Events events, const Member& of) {
  params.bytea_array(collect(events, of, [](const std::string& bytes) { return std::string_view{bytes}; }));
}
template <class Member>
void add_all(OptionalTime, postgres::Params& params, Events events, const Member& of) {
  params.timestamptz_array(collect(events, of, [](const std::optional<Timestamp>& time) { return time; }));
}
/// PostgreSQL has no arrays of arrays of different lengths: each list travels as its text.
template <class Member>
void add_all(Headers, postgres::Params& params, Events events, const Member& of) {
  const auto texts = collect(events, of, [](const HeaderPairs& headers) { return postgres::write_headers(headers); });
  std::vector<OptionalView> views;
  views.reserve(texts.size());
  for (const auto& text : texts) views.push_back(text ? OptionalView{*text} : OptionalView{});
  params.text_array(views);
}

// --- text: one value, alone or in an array ---

using OptionalString = std::optional<std::string>;

OptionalString text_of(Uuid, const EventId& id) { return id.to_string(); }
OptionalString text_of(Text, const std::string& text) { return text; }
OptionalString text_of(OptionalText, const std::string& text) {
  return text.empty() ? OptionalString{} : OptionalString{text};
}
OptionalString text_of(Smallint, ContentType type) { return std::to_string(static_cast<int>(type)); }
OptionalString text_of(Bytea, const std::string& bytes) { return postgres::encode_bytea(bytes); }
OptionalString text_of(OptionalTime, const std::optional<Timestamp>& time) {
  return time ? OptionalString{format_timestamp(*time)} : OptionalString{};
}
OptionalString text_of(Headers, const HeaderPairs& headers) { return postgres::write_headers(headers); }

template <class Kind, class Value>
void add(Kind kind, postgres::PqxxParams& params, const Value& value) {
  const auto text = text_of(kind, value);
  text ? params.text(*text) : params.null();
}

template <class Kind, class Member>
void add_all(Kind kind, postgres::PqxxParams& params, Events events, const Member& of) {
  postgres::ArrayLiteral array;
  for (const auto* event : events) {
    const auto text = text_of(kind, of(*event));
    text ? array.add(*text) : array.add_null();
  }
  params.text(std::move(array).finish());
}

/// Never as NULL: a caller's session may take that for the word (array_nulls). column_lists.cpp makes NULL of it.
template <class Member>
void add_all(OptionalText, postgres::PqxxParams& params, Events events, const Member& of) {
  postgres::ArrayLiteral array;
  for (const auto* event : events) array.add(of(*event));
  params.text(std::move(array).finish());
}

// --- the columns in turn ---

template <class Params, class Columns>
void add_one(Params& params, const Columns& columns, const NewEvent& event) {
  for_each(columns,
           [&](const auto& column) { add(typename std::decay_t<decltype(column)>::Kind{}, params, column.of(event)); });
}

template <class Params, class Columns>
void add_many(Params& params, const Columns& columns, Events events) {
  for_each(columns, [&](const auto& column) {
    add_all(typename std::decay_t<decltype(column)>::Kind{}, params, events, column.of);
  });
}

}  // namespace

void add_event(postgres::Params& params, const NewEvent& event) { add_one(params, given, event); }
void add_event(postgres::PqxxParams& params, const NewEvent& event) { add_one(params, given, event); }
void add_events(postgres::Params& params, Events events) { add_many(params, given, events); }
void add_events(postgres::PqxxParams& params, Events events) { add_many(params, given, events); }

}  // namespace annals::eventstore::columns
