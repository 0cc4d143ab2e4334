#include "store/session.hpp"

#include <fmt/format.h>

#include <charconv>
#include <limits>

#include "annals/core/assert.hpp"
#include "annals/core/text.hpp"
#include "annals/postgres/array_literal.hpp"
#include "annals/postgres/connection.hpp"
#include "annals/postgres/error.hpp"

namespace annals::eventstore {
namespace {

/// One row of a result, whatever fetched it. Text of libpqxx …
class PqxxRow {
 public:
  PqxxRow(const pqxx::result& result, int row) : result_(result), row_(static_cast<pqxx::result::size_type>(row)) {}
  [[nodiscard]] bool is_null(int column) const { return field(column).is_null(); }
  [[nodiscard]] std::string_view text(int column) const {
    const auto value = field(column);
    return {value.c_str(), value.size()};
  }
  [[nodiscard]] std::int64_t integer(int column) const {
    const auto digits = text(column);
    std::int64_t value = 0;
    const auto end = std::from_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    ANNALS_ASSERT(end == digits.data() + digits.size());
    return value;
  }
  [[nodiscard]] std::int64_t small(int column) const { return integer(column); }
  [[nodiscard]] std::string bytes(int column) const { return postgres::decode_bytea(text(column)); }
  [[nodiscard]] EventId uuid(int column) const {
    const auto id = EventId::parse(text(column));
    ANNALS_ASSERT(id.has_value());
    return *id;
  }

 private:
  [[nodiscard]] pqxx::field field(int column) const { return result_[row_][static_cast<pqxx::row::size_type>(column)]; }
  const pqxx::result& result_;
  pqxx::result::size_type row_;
};

/// … or the binary form of libpq.
class LibpqRow {
 public:
  LibpqRow(const postgres::Result& result, int row) : result_(result), row_(row) {}
  [[nodiscard]] bool is_null(int column) const { return result_.is_null(row_, column); }
  [[nodiscard]] std::string_view text(int column) const { return result_.bytes(row_, column); }
  [[nodiscard]] std::int64_t integer(int column) const { return result_.bigint(row_, column); }
  [[nodiscard]] std::int64_t small(int column) const { return result_.smallint(row_, column); }
  [[nodiscard]] std::string bytes(int column) const { return result_.text(row_, column); }
  [[nodiscard]] EventId uuid(int column) const { return result_.uuid(row_, column); }

 private:
  const postgres::Result& result_;
  int row_;
};

Timestamp from_micros(std::int64_t micros) { return Timestamp{std::chrono::microseconds{micros}}; }

/// A row of read_stream_*.sql.
template <class Row>
RecordedEvent recorded_event(const Row& row) {
  RecordedEvent event;
  event.position = GlobalPosition{row.integer(0)};
  event.stream = StreamName::from_database(row.text(1));
  event.version = StreamVersion{row.integer(2)};
  event.id = row.uuid(3);
  event.type = row.text(4);
  event.content_type = content_type_from_code(static_cast<std::int16_t>(row.small(5)));
  event.data = row.bytes(6);
  event.recorded_at = from_micros(row.integer(7));
  if (!row.is_null(8)) event.occurred_at = from_micros(row.integer(8));
  event.metadata.correlation_id = row.text(9);
  event.metadata.causation_id = row.text(10);
  event.metadata.traceparent = row.text(11);
  event.metadata.tracestate = row.text(12);
  if (!row.is_null(13)) event.metadata.headers = postgres::read_headers(row.text(13));
  return event;
}

template <class Row>
PresentEvent present_event(const Row& row) {
  return {.id = row.uuid(0), .type = std::string{row.text(1)}, .data = row.bytes(2)};
}

template <class Row>
Appended appended(const Row& row) {
  return {.version = StreamVersion{row.integer(0)}, .position = GlobalPosition{row.integer(1)}};
}

template <class Row, class Result, class Read>
auto all_rows(const Result& result, int count, Read read) {
  std::vector<decltype(read(Row{result, 0}))> out;
  out.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) out.push_back(read(Row{result, i}));
  return out;
}

std::int64_t first_version(const ReadStreamOptions& options) {
  if (options.from) return options.from->value();
  return options.direction == Direction::forward ? 1 : std::numeric_limits<std::int64_t>::max();
}

const postgres::PreparedStatement& read_statement(const Statements& statements, Direction direction) {
  return direction == Direction::forward ? statements.read_forward : statements.read_backward;
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
  if (is_simple(request)) return {"append_one", statements.append_one};
  return {"append", statements.append};
}

template <class Params>
void add_columns(Params& params, const AppendRequest& request) {
  if (is_simple(request)) {
    add_event(params, request.events.front());
  } else {
    add_events(params, pointers(request.events));
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
    return appended(PqxxRow{result, 0});
  });
}

std::optional<StreamVersion> PqxxSession::head(const StreamName& stream) {
  return translated(to(stream, "read head of"), [&]() -> std::optional<StreamVersion> {
    const auto result = statements_.head.exec(tx_, postgres::PqxxParams{}.text(stream.view()));
    if (result.empty()) return std::nullopt;
    return StreamVersion{PqxxRow{result, 0}.integer(0)};
  });
}

std::vector<PresentEvent> PqxxSession::present(const StreamName& stream, StreamVersion after, std::size_t limit) {
  return translated(to(stream, "read"), [&] {
    postgres::PqxxParams params;
    params.text(stream.view()).integer(after.value()).integer(static_cast<std::int64_t>(limit));
    const auto result = statements_.present.exec(tx_, params);
    return all_rows<PqxxRow>(result, static_cast<int>(result.size()), present_event<PqxxRow>);
  });
}

std::vector<RecordedEvent> PqxxSession::read(const StreamName& stream, const ReadStreamOptions& options) {
  return translated(to(stream, "read"), [&] {
    postgres::PqxxParams params;
    params.text(stream.view()).integer(first_version(options)).integer(static_cast<std::int64_t>(options.limit));
    const auto result = read_statement(statements_, options.direction).exec(tx_, params);
    return all_rows<PqxxRow>(result, static_cast<int>(result.size()), recorded_event<PqxxRow>);
  });
}

std::optional<Appended> LibpqSession::append(const AppendRequest& request) {
  postgres::Params params;
  params.text(request.stream.view()).bigint(request.expected.code());
  add_columns(params, request);
  const auto [name, statement] = append_statement(statements_, request);
  const auto result = connection_.query_prepared(name, statement.sql(), params);
  if (result.empty()) return std::nullopt;
  return appended(LibpqRow{result, 0});
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
  const auto result = connection_.query_prepared("present", statements_.present.sql(), params);
  return all_rows<LibpqRow>(result, result.rows(), present_event<LibpqRow>);
}

std::vector<RecordedEvent> LibpqSession::read(const StreamName& stream, const ReadStreamOptions& options) {
  postgres::Params params;
  params.text(stream.view()).bigint(first_version(options)).bigint(static_cast<std::int64_t>(options.limit));
  const auto* name = options.direction == Direction::forward ? "read_forward" : "read_backward";
  const auto result = connection_.query_prepared(name, read_statement(statements_, options.direction).sql(), params);
  return all_rows<LibpqRow>(result, result.rows(), recorded_event<LibpqRow>);
}

}  // namespace annals::eventstore
