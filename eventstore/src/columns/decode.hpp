#pragma once
#include <fmt/format.h>

#include "annals/core/error.hpp"
#include "annals/core/event.hpp"
#include "columns/event_columns.hpp"
#include "columns/fields.hpp"

namespace annals::eventstore::columns {

template <class Fields, class Place>
void read(Bigint, Fields& fields, Place& place) {
  place = Place{fields.bigint()};
}
template <class Fields>
void read(Smallint, Fields& fields, ContentType& value) {
  value = content_type_from_code(fields.smallint());
}
template <class Fields>
void read(Uuid, Fields& fields, EventId& id) {
  id = fields.uuid();
}
template <class Fields>
void read(Text, Fields& fields, std::string& text) {
  text = fields.text();
}
template <class Fields>
void read(OptionalText, Fields& fields, std::string& text) {
  text = fields.optional_text();
}
template <class Fields>
void read(Bytea, Fields& fields, std::string& bytes) {
  bytes = fields.bytea();
}
template <class Fields>
void read(Headers, Fields& fields, HeaderPairs& value) {
  fields.headers(value);
}
template <class Fields>
void read(Time, Fields& fields, Timestamp& time) {
  time = fields.time();
}
template <class Fields>
void read(OptionalTime, Fields& fields, std::optional<Timestamp>& time) {
  time = fields.optional_time();
}

/// Fills the members that `columns` name, from fields that were selected in their order.
template <class Columns, class Fields, class Event>
void read_columns(const Columns& columns, Fields& fields, Event& event) {
  for_each(columns, [&](const auto& column) {
    read(typename std::decay_t<decltype(column)>::Kind{}, fields, column.of(event));
  });
}

/// Fills an event whose position is known; Error{corrupt} names table, position and column.
template <class Fields>
void read_recorded(Fields& fields, RecordedEvent& event) {
  std::string_view at;
  try {
    for_each(recorded, [&](const auto& column) {
      at = column.name;
      read(typename std::decay_t<decltype(column)>::Kind{}, fields, column.of(event));
    });
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::corrupt) throw;
    throw Error{ErrorKind::corrupt,
                fmt::format("events.{} at position {}: {}", at, event.position.value(), error.message()),
                {.hint = error.hint().empty() ? "no append of Annals wrote this: find out who did" : error.hint()}};
  }
}

}  // namespace annals::eventstore::columns
