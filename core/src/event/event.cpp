#include "annals/core/event.hpp"

#include <fmt/format.h>

#include "annals/core/error.hpp"
#include "annals/core/limits.hpp"
#include "annals/core/reserved_headers.hpp"
#include "annals/core/text.hpp"

namespace annals {
namespace {

void require_optional_text(std::string_view what, std::string_view text, std::size_t bytes_max) {
  if (!text.empty()) require_text(what, text, bytes_max);
}

void require_header(std::string_view name, std::string_view value) {
  require_text("header name", name, limits::header_name_bytes_max);
  if (is_reserved_header(name)) {
    throw invalid(
        fmt::format("header name \"{}\" is reserved: Annals writes it when the event is published", printable(name)),
        "give the header another name; annals::without_reserved() drops those of metadata from outside");
  }
  require_optional_text(fmt::format("value of header \"{}\"", printable(name)), value, limits::header_value_bytes_max);
}

}  // namespace

void require_valid(const Metadata& metadata) {
  require_optional_text("correlation id", metadata.correlation_id, limits::metadata_value_bytes_max);
  require_optional_text("causation id", metadata.causation_id, limits::metadata_value_bytes_max);
  require_optional_text("traceparent", metadata.traceparent, limits::metadata_value_bytes_max);
  require_optional_text("tracestate", metadata.tracestate, limits::metadata_value_bytes_max);
  if (metadata.headers.size() > limits::header_count_max) {
    throw invalid(fmt::format("{} headers", metadata.headers.size()),
                  fmt::format("at most {} are allowed", limits::header_count_max));
  }
  for (const auto& [name, value] : metadata.headers) require_header(name, value);
}

std::size_t byte_size(const Metadata& metadata) noexcept {
  auto bytes = metadata.correlation_id.size() + metadata.causation_id.size() + metadata.traceparent.size() +
               metadata.tracestate.size();
  for (const auto& [name, value] : metadata.headers) bytes += name.size() + value.size();
  return bytes;
}

void require_occurred_at(std::optional<Timestamp> time) {
  if (!time || (*time >= timestamp_min && *time <= timestamp_max)) return;
  throw invalid(fmt::format("occurred_at is {} microseconds from 1970", time->time_since_epoch().count()),
                "use a time of the years 1 to 9999");
}

void require_valid(const NewEvent& event) {
  require_text("event type", event.type, limits::event_type_bytes_max);
  if (event.data.size() > limits::event_data_bytes_max) {
    throw invalid(fmt::format("data of an event of type \"{}\" has {} bytes", printable(event.type), event.data.size()),
                  fmt::format("at most {} bytes are allowed; store large content elsewhere and refer to it",
                              limits::event_data_bytes_max));
  }
  if (event.id.is_nil()) throw invalid("event id is the nil UUID", "use EventId::generate()");
  require_occurred_at(event.occurred_at);
  require_valid(event.metadata);
}

std::size_t byte_size(const NewEvent& event) noexcept {
  return event.type.size() + event.data.size() + byte_size(event.metadata);
}

}  // namespace annals
