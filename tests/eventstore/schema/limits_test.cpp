// The tables hold the limits of the library for writers in other languages.
#include "annals/core/limits.hpp"
#include "annals/core/reserved_headers.hpp"
#include "store_test.hpp"

using namespace annals;
using namespace annals::eventstore;

namespace {

class EventLimits : public StoreTest {
 protected:
  EventLimits() { (void)store_.append(stream_, ExpectedVersion::any(), {event("a")}); }

  /// The SQLSTATE of an event written straight into the table, with one column's value replaced; empty when it went well.
  std::string insert(const std::string& column, const std::string& value) {
    const std::vector<std::pair<std::string, std::string>> usual{{"event_id", "gen_random_uuid()"},
                                                                 {"type", "'t'"},
                                                                 {"content_type", "1"},
                                                                 {"data", "'x'::bytea"},
                                                                 {"correlation_id", "NULL"},
                                                                 {"causation_id", "NULL"},
                                                                 {"traceparent", "NULL"},
                                                                 {"tracestate", "NULL"},
                                                                 {"headers", "NULL"},
                                                                 {"occurred_at", "NULL"},
                                                                 {"recorded_at", "now()"}};
    std::string names = "stream_id, version";
    std::string values = "1, " + std::to_string(++version_);
    for (const auto& [name, value_by_default] : usual) {
      names += ", " + name;
      values += ", " + (name == column ? value : value_by_default);
    }
    try {
      direct_.execute("INSERT INTO annals.events (" + names + ") VALUES (" + values + ")");
      return {};
    } catch (const Error& error) {
      return error.sqlstate();
    }
  }
  bool refused(const std::string& column, const std::string& value) { return insert(column, value) == "23514"; }
  bool accepted(const std::string& column, const std::string& value) { return insert(column, value).empty(); }

  static std::string headers(std::string_view name, std::string_view value = "v") {
    return "ARRAY['" + std::string{name} + "', '" + std::string{value} + "']";
  }

  int version_ = 1;
};

}  // namespace

TEST_F(EventLimits, OfSizesAreThoseOfTheLibrary) {
  const auto bytes = [](std::size_t count) { return "repeat('x', " + std::to_string(count) + ")"; };
  const auto data = [&](std::size_t count) { return bytes(count) + "::bytea"; };
  EXPECT_TRUE(accepted("data", data(limits::event_data_bytes_max)));
  EXPECT_TRUE(refused("data", data(limits::event_data_bytes_max + 1)));
  EXPECT_TRUE(accepted("type", bytes(limits::event_type_bytes_max)));
  EXPECT_TRUE(refused("type", bytes(limits::event_type_bytes_max + 1)));
  EXPECT_TRUE(refused("type", "''"));
  for (const auto* column : {"correlation_id", "causation_id", "traceparent", "tracestate"}) {
    EXPECT_TRUE(accepted(column, bytes(limits::metadata_value_bytes_max))) << column;
    EXPECT_TRUE(refused(column, bytes(limits::metadata_value_bytes_max + 1))) << column;
    EXPECT_TRUE(refused(column, "''")) << column;
  }
  EXPECT_TRUE(refused("content_type", "3"));
  EXPECT_TRUE(refused("event_id", "'00000000-0000-0000-0000-000000000000'"));
}

TEST_F(EventLimits, OfHeadersAreThoseOfTheLibrary) {
  const auto fill = [](std::size_t count) { return "array_fill('x'::text, ARRAY[" + std::to_string(count) + "])"; };
  EXPECT_TRUE(accepted("headers", "'{}'"));
  EXPECT_TRUE(accepted("headers", headers("n", "")));
  EXPECT_TRUE(accepted("headers", fill(2 * limits::header_count_max)));
  EXPECT_TRUE(refused("headers", fill(2 * limits::header_count_max + 2)));
  const auto text = [](std::size_t size) { return std::string(size, 'x'); };
  EXPECT_TRUE(accepted("headers", headers(text(limits::header_name_bytes_max))));
  EXPECT_TRUE(refused("headers", headers(text(limits::header_name_bytes_max + 1))));
  EXPECT_TRUE(refused("headers", headers("")));
  EXPECT_TRUE(accepted("headers", headers("n", text(limits::header_value_bytes_max))));
  EXPECT_TRUE(refused("headers", headers("n", text(limits::header_value_bytes_max + 1))));
}

// Each of these ended every reader once.
TEST_F(EventLimits, RefuseArraysThatAreNoHeaders) {
  for (const auto* value : {"ARRAY['a', NULL]", "ARRAY[['a', 'b']]", "ARRAY[['a', 'b'], ['c', 'd']]", "'[5:6]={a,b}'",
                            "'[0:1]={a,b}'", "ARRAY['odd']", "ARRAY[NULL, NULL]::text[]"}) {
    EXPECT_TRUE(refused("headers", value)) << value;
  }
}

TEST_F(EventLimits, RefuseTheReservedNamesAsTheLibraryDoes) {
  std::vector<std::string> names{"ce_", "ce_id", "CE_Anything", "Content-Type", "TRACEPARENT"};
  for (const auto name : reserved_header_names) names.emplace_back(name);
  for (const auto& name : names) {
    EXPECT_TRUE(is_reserved_header(name)) << name;
    EXPECT_TRUE(refused("headers", headers(name))) << name;
    EXPECT_TRUE(refused("headers", "ARRAY['a', 'b', '" + name + "', 'c']")) << name;
  }
  for (const std::string name : {"ce", "ceid", "xce_id", "content-types", "a-content-type", "traceparent2", "x"}) {
    EXPECT_FALSE(is_reserved_header(name)) << name;
    EXPECT_TRUE(accepted("headers", headers(name))) << name;
  }
  EXPECT_TRUE(accepted("headers", headers("x", "traceparent"))) << "a value may say what it likes";
}

TEST_F(EventLimits, RefuseTimesThatNobodyCanRead) {
  for (const auto* time : {"'infinity'", "'-infinity'", "'0001-12-31 23:59:59+00 BC'", "'10000-01-01 00:00:00+00'"}) {
    EXPECT_TRUE(refused("occurred_at", time)) << time;
  }
  for (const auto* time : {"'0001-01-01 00:00:00+00'", "'9999-12-31 23:59:59.999999+00'"}) {
    EXPECT_TRUE(accepted("occurred_at", time)) << time;
  }
}

TEST_F(EventLimits, HoldForStreamsToo) {
  const auto refused_stream = [&](const std::string& values) {
    return error_of([&] {
             direct_.execute("INSERT INTO annals.streams (name, version) VALUES (" + values + ")");
           }).sqlstate() == "23514";
  };
  EXPECT_TRUE(refused_stream("'', 1"));
  EXPECT_TRUE(refused_stream("repeat('x', 513), 1"));
  EXPECT_TRUE(refused_stream("'s', 0"));
}
