#include "cli/commands/publishing/outbox_parked.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "annals/core/event.hpp"
#include "annals/core/text.hpp"
#include "annals/json/event_text.hpp"
#include "annals/json/string.hpp"
#include "annals/outbox/parked.hpp"
#include "cli/commands/publishing/relay_config.hpp"
#include "cli/failure.hpp"
#include "host/text/offered_command.hpp"

namespace annals::cli {
namespace {

using Headers = std::vector<std::pair<std::string, std::string>>;

/// A row of the list, or the first half of what is shown of one message.
std::vector<ReportColumn> columns() {
  return {{"position", Align::right}, {"id"},        {"topic"}, {"key"}, {"type"}, {"policy"}, {"state"},
          {"attempts", Align::right}, {"parked_at"}, {"reason"}};
}

std::string state_of(const outbox::ParkedMessage& message) {
  if (message.done_at) return message.outcome;
  if (message.reason.empty()) return "waits";
  const bool decided = message.last_decision && message.last_decision->action != "headers";
  return decided && message.last_decision->at > message.parked_at && message.attempts == 0 ? "decided" : "stuck";
}

std::vector<Cell> cells(const outbox::ParkedMessage& message) {
  return {cell(message.position),
          cell(message.id.to_string()),
          cell(message.topic),
          message.key.empty() ? no_value() : cell(message.key),
          cell(message.type),
          cell(message.policy == outbox::PoisonPolicy::park ? "park" : "dead-letter"),
          cell(state_of(message)),
          cell(std::int64_t{message.attempts}),
          cell(format_timestamp(message.parked_at)),
          message.reason.empty() ? cell("waits behind another of its key") : cell(message.reason)};
}

Cell data_cell(const outbox::ParkedContent& content) {
  RecordedEvent event;
  event.content_type = content.content_type;
  event.data = content.payload;
  const auto text = json::data_text(event);
  return {display_text(text), text};
}

Cell headers_cell(const Headers& headers) {
  Cell out{{}, "{"};
  for (const auto& [name, value] : headers) {
    out.text += fmt::format("{}{}={}", out.text.empty() ? "" : ", ", display_text(name), display_text(value));
    out.json += fmt::format("{}{}:{}", out.json.size() > 1 ? "," : "", json::as_string(name), json::as_string(value));
  }
  out.json += "}";
  return out;
}

Cell decisions_cell(const std::vector<outbox::ParkedMessage::Decision>& decisions) {
  Cell out{{}, "["};
  for (const auto& decision : decisions) {
    const auto at = format_timestamp(decision.at);
    out.text +=
        fmt::format("{}{} by {} at {}{}", out.text.empty() ? "" : "; ", decision.action, display_text(decision.by), at,
                    decision.reason.empty() ? "" : fmt::format(" ({})", display_text(decision.reason)));
    out.json += fmt::format(R"({}{{"action":{},"by":{},"at":{},"reason":{}}})", out.json.size() > 1 ? "," : "",
                            json::as_string(decision.action), json::as_string(decision.by), json::as_string(at),
                            json::as_string(decision.reason));
  }
  out.json += "]";
  return out;
}

/// What is set aside is whole, so the name of a table of one's own says enough.
postgres::MessageLog log_of(const std::string& name, const Invocation& invocation) {
  if (name.find('.') == std::string::npos) return log_named(name, invocation);
  postgres::MessageLog log;
  log.name = name;
  log.schema = invocation.database.schema;
  return log;
}

outbox::ParkedContent require_parked(postgres::Connection& connection, const postgres::MessageLog& log,
                                     const ParkedOf& of, std::int64_t position) {
  auto content = outbox::find_parked(connection, log, of.relay, position);
  if (content) return std::move(*content);
  throw Failure{
      host::ExitCode::not_found,
      fmt::format("relay \"{}\" has set nothing aside at position {} of {}", printable(of.relay), position, log.name),
      "`annals outbox parked list` shows what it has"};
}

host::ExitCode decide(Invocation& invocation, const ParkedOf& of, outbox::ParkedDecision decision) {
  const auto log = log_of(of.log, invocation);
  auto connection = connect_ready(invocation.database);
  const auto content = require_parked(connection, log, of, decision.position);
  decision.relay = of.relay;
  outbox::decide_parked(connection, log, decision);
  print_object(
      invocation.output, invocation.format, {{"relay"}, {"log"}, {"position"}, {"id"}, {"recorded"}},
      {cell(of.relay), cell(log.name), cell(decision.position), cell(content.message.id.to_string()), cell(true)});
  if (decision.action != outbox::ParkedAction::headers) {
    constexpr auto when = "the relay does it within a second or so, or at its next start: `annals outbox parked show`";
    fmt::print(stderr, "{}\n", host::with_options(when, invocation.command_options));
  }
  return host::ExitCode::ok;
}

void change_headers(Headers& headers, const ParkedHeaders& options) {
  for (const auto& name : options.remove) {
    if (std::erase_if(headers, [&](const auto& header) { return header.first == name; }) > 0) continue;
    throw Failure{host::ExitCode::usage, fmt::format("the message has no header \"{}\"", printable(name)),
                  "`annals outbox parked show` shows those it has"};
  }
  for (const auto& text : options.set) {
    const auto equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
      throw Failure{host::ExitCode::usage, fmt::format("\"{}\" is not name=value", printable(text)),
                    "such as --set tenant=shop"};
    }
    const auto name = text.substr(0, equals);
    std::erase_if(headers, [&](const auto& header) { return header.first == name; });
    headers.emplace_back(name, text.substr(equals + 1));
  }
}

}  // namespace

host::ExitCode list_parked(Invocation& invocation, const ParkedList& options) {
  const auto log = log_of(options.log, invocation);
  auto connection = connect_ready(invocation.database);
  const auto messages = outbox::list_parked(connection, log,
                                            {.relay = options.relay,
                                             .with_done = options.all,
                                             .topic = options.topic,
                                             .key = options.key,
                                             .limit = options.limit});
  Report report{invocation.output, invocation.format, columns()};
  for (const auto& message : messages) report.add(cells(message));
  report.finish();
  if (messages.empty()) fmt::print(stderr, "relay \"{}\" has set nothing aside\n", printable(options.relay));
  if (messages.size() == options.limit) fmt::print(stderr, "there may be more: see --limit\n");
  return host::ExitCode::ok;
}

host::ExitCode show_parked(Invocation& invocation, const ParkedShow& options) {
  const auto log = log_of(options.log, invocation);
  auto connection = connect_ready(invocation.database);
  const auto content = require_parked(connection, log, options, options.position);
  auto names = columns();
  auto values = cells(content.message);
  const auto add = [&](const char* name, Cell value) {
    names.push_back({name});
    values.push_back(std::move(value));
  };
  add("occurred_at", cell(format_timestamp(content.occurred_at)));
  add("stream", content.subject.empty() ? no_value() : cell(content.subject));
  add("dead_letter_topic",
      content.message.dead_letter_topic.empty() ? no_value() : cell(content.message.dead_letter_topic));
  add("headers", headers_cell(content.headers));
  add("decisions", decisions_cell(content.decisions));
  add("data", data_cell(content));
  print_object(invocation.output, invocation.format, names, std::move(values));
  return host::ExitCode::ok;
}

host::ExitCode retry_parked(Invocation& invocation, const ParkedDecide& options) {
  return decide(invocation, options,
                {.position = options.position, .action = outbox::ParkedAction::retry, .reason = options.reason});
}

host::ExitCode skip_parked(Invocation& invocation, const ParkedDecide& options) {
  return decide(invocation, options,
                {.position = options.position, .action = outbox::ParkedAction::skip, .reason = options.reason});
}

host::ExitCode release_parked(Invocation& invocation, const ParkedRelease& options) {
  const auto log = log_of(options.log, invocation);
  auto connection = connect_ready(invocation.database);
  const auto decisions =
      outbox::release_parked(connection, log, options.relay, {options.topic, options.key}, options.reason);
  print_object(invocation.output, invocation.format, {{"relay"}, {"log"}, {"topic"}, {"key"}, {"retried"}},
               {cell(options.relay), cell(log.name), cell(options.topic), cell(options.key), cell(decisions)});
  return host::ExitCode::ok;
}

host::ExitCode edit_parked_headers(Invocation& invocation, const ParkedHeaders& options) {
  const auto log = log_of(options.log, invocation);
  auto connection = connect_ready(invocation.database);
  auto headers = require_parked(connection, log, options, options.position).headers;
  change_headers(headers, options);
  return decide(invocation, options,
                {.position = options.position,
                 .action = outbox::ParkedAction::headers,
                 .headers = std::move(headers),
                 .reason = options.reason});
}

}  // namespace annals::cli
