#include "store/session.hpp"

#include <fmt/format.h>

#include <limits>

#include "annals/core/text.hpp"
#include "annals/postgres/connection.hpp"
#include "annals/postgres/error.hpp"
#include "columns/decode.hpp"
#include "columns/encode.hpp"

namespace annals::eventstore {
namespace {

using columns::BinaryFields;
using columns::TextFields;

/// A row of read_stream_*.sql. The stream's name is the one that was asked for.
template <class Fields>
RecordedEvent recorded_event(Fields fields, const StreamName& stream) {
  RecordedEvent event;
  event.position = GlobalPosition{fields.bigint()};
  event.stream = stream;
  columns::read_recorded(fields, event);
  return event;
}

template <class Fields>
PresentEvent present_event(Fields fields) {
  PresentEvent event;
  columns::read_columns(columns::identity, fields, event);
  return event;
}

template <class Fields>
Appended appended(Fields fields) {
  Appended last;
  columns::read(columns::Bigint{}, fields, last.version);
  columns::read(columns::Bigint{}, fields, last.position);
  return last;
}

template <class Fields, class Result, class Read>
auto all_rows(const Result& result, int count, Read read) {
  std::vector<decltype(read(Fields{result, 0}))> out;
  out.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) out.push_back(read(Fields{result, i}));
  return out;
}

std::int64_t first_version(const ReadStreamOptions& options) {
  if (options.from) return options.from->value();
  return options.direction == Direction::forward ? 1 : std::numeric_limits<std::int64_t>::max();
}

std::vector<const NewEvent*> pointers(std::span<const NewEvent> events) {
  std::vector<const NewEvent*> out;
  for (const auto& event : events) out.push_back(&event);
  return out;
}

struct NamedStatement {
  const char* name;
  const postgres::PreparedStatement& statement;
};

/// The leanest statement that serves the request.
NamedStatement append_statement(const Statements& statements, const AppendRequest& request) {
  switch (shape_of(request)) {
    case AppendShape::existing: return {"append_one", statements.append_one};
    case AppendShape::fresh: return {"append_new", statements.append_new};
    case AppendShape::any: break;
  }
  return {"append", statements.append};
}

template <class Params>
void add_columns(Params& params, const AppendRequest& request) {
  if (shape_of(request) != AppendShape::any) {
    columns::add_event(params, request.events.front());
  } else {
    columns::add_events(params, pointers(request.events));
  }
}

std::string to(const StreamName& stream, std::string_view what) {
  return fmt::format("{} stream \"{}\"", what, printable(stream.view()));
}

template <class Work>
auto translated(const std::string& what, Work work) {
  try {
    return work();
  } catch (const pqxx::failure&) {
    postgres::rethrow_pqxx(what);
  }
}

}  // namespace

std::optional<Appended> PqxxSession::append(const AppendRequest& request) {
  return translated(to(request.stream, "append to"), [&]() -> std::optional<Appended> {
    postgres::PqxxParams params;
    params.text(request.stream.view()).integer(request.expected.code());
    add_columns(params, request);
    const auto result = append_statement(statements_, request).statement.exec(tx_, params);
    if (result.empty()) return std::nullopt;
    return appended(TextFields{result, 0});
  });
}

std::optional<StreamVersion> PqxxSession::head(const StreamName& stream) {
  return translated(to(stream, "read head of"), [&]() -> std::optional<StreamVersion> {
    const auto result = statements_.head.exec(tx_, postgres::PqxxParams{}.text(stream.view()));
    if (result.empty()) return std::nullopt;
    return StreamVersion{TextFields{result, 0}.bigint()};
  });
}

std::vector<PresentEvent> PqxxSession::present(const StreamName& stream, StreamVersion after, std::size_t limit) {
  return translated(to(stream, "read"), [&] {
    postgres::PqxxParams params;
    params.text(stream.view()).integer(after.value()).integer(static_cast<std::int64_t>(limit));
    const auto result = statements_.present.exec(tx_, params);
    return all_rows<TextFields>(result, static_cast<int>(result.size()), present_event<TextFields>);
  });
}

std::vector<RecordedEvent> PqxxSession::read(const StreamName& stream, const ReadStreamOptions& options) {
  return translated(to(stream, "read"), [&] {
    postgres::PqxxParams params;
    params.text(stream.view()).integer(first_version(options)).integer(static_cast<std::int64_t>(options.limit));
    const bool forward = options.direction == Direction::forward;
    const auto result = (forward ? statements_.read_forward : statements_.read_backward).exec(tx_, params);
    return all_rows<TextFields>(result, static_cast<int>(result.size()),
                                [&](TextFields fields) { return recorded_event(fields, stream); });
  });
}

std::optional<Appended> LibpqSession::append(const AppendRequest& request) {
  postgres::Params params;
  params.text(request.stream.view()).bigint(request.expected.code());
  add_columns(params, request);
  const auto [name, statement] = append_statement(statements_, request);
  const auto result = connection_.query_prepared(name, statement.sql(), params);
  if (result.empty()) return std::nullopt;
  return appended(BinaryFields{result, 0});
}

std::optional<StreamVersion> LibpqSession::head(const StreamName& stream) {
  const auto result =
      connection_.query_prepared("head", statements_.head.sql(), postgres::Params{}.text(stream.view()));
  if (result.empty()) return std::nullopt;
  return StreamVersion{result.bigint(0, 0)};
}

std::vector<PresentEvent> LibpqSession::present(const StreamName& stream, StreamVersion after, std::size_t limit) {
  postgres::Params params;
  params.text(stream.view()).bigint(after.value()).bigint(static_cast<std::int64_t>(limit));
  const auto result = connection_.query_prepared("present", statements_.present_binary, params);
  return all_rows<BinaryFields>(result, result.rows(), present_event<BinaryFields>);
}

std::vector<RecordedEvent> LibpqSession::read(const StreamName& stream, const ReadStreamOptions& options) {
  postgres::Params params;
  params.text(stream.view()).bigint(first_version(options)).bigint(static_cast<std::int64_t>(options.limit));
  const auto result = options.direction == Direction::forward
                          ? connection_.query_prepared("read_forward", statements_.read_forward_binary, params)
                          : connection_.query_prepared("read_backward", statements_.read_backward_binary, params);
  return all_rows<BinaryFields>(result, result.rows(),
                                [&](BinaryFields fields) { return recorded_event(fields, stream); });
}

}  // namespace annals::eventstore
