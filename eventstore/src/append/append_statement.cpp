#include "append/append_statement.hpp"

#include <fmt/format.h>

#include <optional>
#include <string>
#include <vector>

#include "annals/core/error.hpp"
#include "annals/core/limits.hpp"
#include "annals/core/text.hpp"
#include "annals/postgres/array_literal.hpp"

namespace annals::eventstore {
namespace {

using Events = std::span<const NewEvent* const>;
using OptionalText = std::optional<std::string_view>;

/// Both encoders walk the same columns: these are their values.
OptionalText present(const std::string& text) { return text.empty() ? OptionalText{} : OptionalText{text}; }

constexpr std::string Metadata::*text_columns[] = {&Metadata::correlation_id, &Metadata::causation_id,
                                                   &Metadata::traceparent, &Metadata::tracestate};

template <class Value>
auto column(Events events, Value value) {
  std::vector<decltype(value(*events[0]))> values;
  values.reserve(events.size());
  for (const auto* event : events) values.push_back(value(*event));
  return values;
}

template <class Value>
std::string literal(Events events, Value value) {
  postgres::ArrayLiteral array;
  for (const auto* event : events) {
    const auto text = value(*event);
    text ? array.add(*text) : array.add_null();
  }
  return std::move(array).finish();
}

}  // namespace

void require_valid(const AppendRequest& request) {
  if (request.events.empty()) throw invalid("nothing to append", "give at least one event");
  if (request.events.size() > limits::append_events_max) {
    throw invalid(
        fmt::format("{} events in one append to \"{}\"", request.events.size(), printable(request.stream.view())),
        fmt::format("append at most {} at once", limits::append_events_max));
  }
  std::size_t bytes = 0;
  for (const auto& event : request.events) {
    annals::require_valid(event);
    bytes += event.data.size();
  }
  if (bytes > limits::append_bytes_max) {
    throw invalid(fmt::format("{} bytes in one append to \"{}\"", bytes, printable(request.stream.view())),
                  fmt::format("append at most {} bytes at once", limits::append_bytes_max));
  }
}

void add_event(postgres::Params& params, const NewEvent& event) {
  params.uuid(event.id).text(event.type).smallint(static_cast<std::int16_t>(event.content_type)).bytea(event.data);
  for (const auto member : text_columns) params.optional_text(event.metadata.*member);
  params.optional_text(postgres::write_headers(event.metadata.headers).value_or(""));
  event.occurred_at ? params.timestamptz(*event.occurred_at) : params.null();
}

void add_event(postgres::PqxxParams& params, const NewEvent& event) {
  params.text(event.id.to_string()).text(event.type).integer(static_cast<int>(event.content_type)).bytea(event.data);
  for (const auto member : text_columns) params.optional_text(event.metadata.*member);
  params.optional_text(postgres::write_headers(event.metadata.headers).value_or(""));
  params.optional_text(event.occurred_at ? format_timestamp(*event.occurred_at) : "");
}

void add_events(postgres::Params& params, Events events) {
  const auto headers = column(events, [](const NewEvent& e) { return postgres::write_headers(e.metadata.headers); });
  std::vector<OptionalText> header_views;
  header_views.reserve(headers.size());
  for (const auto& text : headers) header_views.push_back(text ? OptionalText{*text} : OptionalText{});

  params.uuid_array(column(events, [](const NewEvent& e) { return e.id; }));
  params.text_array(column(events, [](const NewEvent& e) { return OptionalText{e.type}; }));
  params.smallint_array(column(events, [](const NewEvent& e) { return static_cast<std::int16_t>(e.content_type); }));
  params.bytea_array(column(events, [](const NewEvent& e) { return std::string_view{e.data}; }));
  for (const auto member : text_columns) {
    params.text_array(column(events, [&](const NewEvent& e) { return present(e.metadata.*member); }));
  }
  params.text_array(header_views);
  params.timestamptz_array(column(events, [](const NewEvent& e) { return e.occurred_at; }));
}

void add_events(postgres::PqxxParams& params, Events events) {
  using Text = std::optional<std::string>;
  params.text(literal(events, [](const NewEvent& e) { return Text{e.id.to_string()}; }));
  params.text(literal(events, [](const NewEvent& e) { return OptionalText{e.type}; }));
  params.text(
      literal(events, [](const NewEvent& e) { return Text{std::to_string(static_cast<int>(e.content_type))}; }));
  params.text(literal(events, [](const NewEvent& e) { return Text{postgres::encode_bytea(e.data)}; }));
  for (const auto member : text_columns) {
    params.text(literal(events, [&](const NewEvent& e) { return present(e.metadata.*member); }));
  }
  params.text(literal(events, [](const NewEvent& e) { return postgres::write_headers(e.metadata.headers); }));
  params.text(literal(
      events, [](const NewEvent& e) { return e.occurred_at ? Text{format_timestamp(*e.occurred_at)} : Text{}; }));
}

}  // namespace annals::eventstore
