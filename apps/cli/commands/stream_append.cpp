#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>

#include "annals/core/limits.hpp"
#include "annals/core/quote.hpp"
#include "annals/core/text.hpp"
#include "annals/core/text/number.hpp"
#include "annals/eventstore/event_store.hpp"
#include "annals/json/scanner.hpp"
#include "cli/commands/stream.hpp"
#include "cli/failure.hpp"

namespace annals::cli {
namespace {

Failure bad_option(const std::string& message, std::string hint) {
  return {host::ExitCode::usage, message, std::move(hint)};
}

ExpectedVersion parse_expected(std::string_view text) {
  if (text == "any") return ExpectedVersion::any();
  if (text == "no-stream") return ExpectedVersion::no_stream();
  if (text == "exists") return ExpectedVersion::stream_exists();
  const auto version = parse_number<std::int64_t>(text);
  if (version && *version >= 0) return ExpectedVersion::exactly(StreamVersion{*version});
  throw bad_option(fmt::format("--expected \"{}\" is not understood", printable(text)),
                   "use any, no-stream, exists, or the stream's present version");
}

std::string expected_text(ExpectedVersion expected) {
  if (expected == ExpectedVersion::no_stream()) return "no stream";
  if (expected == ExpectedVersion::stream_exists()) return "an existing stream";
  return fmt::format("version {}", expected.code());
}

/// All of `input`, but never much more than an event may hold.
std::string read_all(std::istream& input) {
  std::string data(limits::event_data_bytes_max + 1, '\0');
  input.read(data.data(), static_cast<std::streamsize>(data.size()));
  throw_if_stopped();  // what was read by then is not all
  data.resize(static_cast<std::size_t>(input.gcount()));
  return data;
}

std::string read_data(const std::string& option) {
  if (option == "-") return read_all(std::cin);
  if (!option.starts_with('@')) return option;
  std::ifstream file{option.substr(1), std::ios::binary};
  if (!file) {
    throw bad_option(fmt::format("cannot open {}: {}", option.substr(1), std::strerror(errno)),
                     "--data takes JSON, @file, or - for standard input");
  }
  return read_all(file);
}

std::string checked_json(const std::string& text) {
  try {
    return json::compact(text);
  } catch (const json::Malformed& error) {
    throw bad_option(fmt::format("the data is not JSON: byte {}: {}", error.offset() + 1, error.what()),
                     "quote it for the shell, as in '{\"amount\":1}', or name another --content-type");
  }
}

void add_metadata(Metadata& metadata, const std::string& option) {
  const auto equals = option.find('=');
  if (equals == std::string::npos || equals == 0) {
    throw bad_option(fmt::format("--metadata \"{}\" is not key=value", printable(option)),
                     "such as correlation_id=4711");
  }
  const auto key = option.substr(0, equals);
  auto value = option.substr(equals + 1);
  if (key == "correlation_id") {
    metadata.correlation_id = std::move(value);
  } else if (key == "causation_id") {
    metadata.causation_id = std::move(value);
  } else if (key == "traceparent") {
    metadata.traceparent = std::move(value);
  } else if (key == "tracestate") {
    metadata.tracestate = std::move(value);
  } else {
    metadata.headers.emplace_back(key, std::move(value));
  }
}

NewEvent make_event(const StreamAppend& options) {
  NewEvent event{.type = options.type, .data = read_data(options.data)};
  const auto content_type = parse_media_type(options.content_type);
  if (!content_type) {
    throw bad_option(fmt::format("unknown content type \"{}\"", printable(options.content_type)),
                     "use application/json, application/protobuf or application/octet-stream");
  }
  event.content_type = *content_type;
  if (event.content_type == ContentType::json) event.data = checked_json(event.data);
  if (options.id) {
    const auto id = EventId::parse(*options.id);
    if (!id)
      throw bad_option(fmt::format("--id \"{}\" is not a UUID", printable(*options.id)), "use its 36 characters");
    event.id = *id;
  }
  for (const auto& option : options.metadata) add_metadata(event.metadata, option);
  return event;
}

/// What to look at before the call is repeated, by commands that can be pasted.
std::string look_first(const std::string& name, StreamVersion actual, const std::string& schema) {
  const auto option = postgres::schema_option(schema);
  if (actual == StreamVersion{0}) {
    return fmt::format("`annals stream list{}` shows the streams there are; with --expected no-stream it is made",
                       option);
  }
  return fmt::format("look at it (`annals stream show {}{}`), then repeat with --expected {}", quote_shell(name),
                     option, actual.value());
}

Failure conflict(const std::string& name, const eventstore::VersionConflict& conflict, const std::string& schema) {
  return {host::ExitCode::conflict,
          fmt::format("stream \"{}\" is at version {}, expected was {}; nothing was appended", printable(name),
                      conflict.actual.value(), expected_text(conflict.expected)),
          look_first(name, conflict.actual, schema)};
}

}  // namespace

host::ExitCode append_to_stream(Invocation& invocation, const StreamAppend& options) {
  const StreamName name{options.name};
  const auto expected = parse_expected(options.expected);
  const auto event = make_event(options);
  require_valid(event);
  (void)connect_ready(invocation.database);
  const eventstore::EventStore store{invocation.database};
  const auto result = store.append(name, expected, {event});
  if (const auto* refused = std::get_if<eventstore::VersionConflict>(&result)) {
    throw conflict(options.name, *refused, invocation.database.schema);
  }
  const auto& appended = std::get<eventstore::Appended>(result);
  print_object(invocation.output, invocation.format,
               {{"stream"}, {"version"}, {"position"}, {"id"}, {"already_present"}},
               {cell(name.view()), cell(appended.version.value()), cell(appended.position.value()),
                cell(event.id.to_string()), cell(appended.already_present)});
  return host::ExitCode::ok;
}

}  // namespace annals::cli
