#include "annals/core/limits.hpp"
#include "store_test.hpp"

using namespace annals;
using namespace annals::eventstore;

namespace {

class HostileContent : public StoreTest, public testing::WithParamInterface<bool> {
 protected:
  /// Both ways in: a transaction of the caller (text on the wire), and of the store's own (binary).
  AppendResult append(const StreamName& stream, const NewEvent& event) {
    const auto expected = ExpectedVersion::any();
    if (!GetParam()) return store_.append(stream, expected, {event});
    return postgres::transact(*pool_, [&](pqxx::work& tx) { return store_.append(tx, stream, expected, {event}); });
  }
  RecordedEvent back(const StreamName& stream) {
    if (!GetParam()) return store_.read_stream(stream).at(0);
    return postgres::transact(*pool_, [&](pqxx::work& tx) { return store_.read_stream(tx, stream).at(0); });
  }
};

std::string every_byte() {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  return bytes;
}

void expect_same(const NewEvent& event, const RecordedEvent& recorded) {
  EXPECT_EQ(recorded.id, event.id);
  EXPECT_EQ(recorded.type, event.type);
  EXPECT_EQ(recorded.data, event.data);
  EXPECT_EQ(recorded.content_type, event.content_type);
  EXPECT_EQ(recorded.metadata, event.metadata);
  EXPECT_EQ(recorded.occurred_at, event.occurred_at);
}

}  // namespace

TEST_P(HostileContent, StreamNamesComeBackAsTheyWere) {
  for (const std::string& name :
       {std::string{"it's; DROP TABLE annals.events; --"}, std::string{"\"double\" \\back\\ $1 {} %s"},
        std::string{"new\nline\ttab\x01"}, std::string{"ʼ modifier, ☃, 𝄞"}, std::string{" padded "},
        std::string(limits::stream_name_bytes_max, 'n')}) {
    const StreamName stream{name};
    EXPECT_EQ(version_of(append(stream, event("t"))), 1);
    EXPECT_EQ(back(stream).stream.str(), name);
  }
}

TEST_P(HostileContent, PayloadsComeBackAsTheyWere) {
  int n = 0;
  for (const std::string& data :
       {std::string{}, every_byte(), std::string(1 << 20, '\0'), std::string{"\xff\xfe'\"\\x00"}}) {
    const StreamName stream{"payload-" + std::to_string(n++)};
    const NewEvent hostile{.type = "t'\"\\", .data = data, .content_type = ContentType::octet_stream};
    EXPECT_EQ(version_of(append(stream, hostile)), 1);
    expect_same(hostile, back(stream));
  }
}

TEST_P(HostileContent, MetadataComesBackAsItWas) {
  const NewEvent hostile{.type = "t",
                         .data = "d",
                         .metadata = {.correlation_id = "c'\"\\,{}",
                                      .causation_id = "NULL",
                                      .traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                                      .tracestate = "a=1,b=2",
                                      .headers = {{"plain", "v"},
                                                  {"quote\"", "back\\slash"},
                                                  {"empty", ""},
                                                  {"NULL", "{}"},
                                                  {"twice", "1"},
                                                  {"twice", "2"}}},
                         .occurred_at = parse_timestamp("1969-07-20T20:17:40.000001Z")};
  EXPECT_EQ(version_of(append(stream_, hostile)), 1);
  expect_same(hostile, back(stream_));
  store_.read_all(GlobalPosition{}, [&](const RecordedEvent& recorded) {
    expect_same(hostile, recorded);
    return true;
  });
}

TEST_P(HostileContent, WhatPostgresCannotStoreIsRefusedByName) {
  auto bad = event("t");
  bad.metadata.correlation_id = std::string{"a\0b", 3};
  EXPECT_THAT(error_of([&] { (void)append(stream_, bad); }).what(), testing::HasSubstr("correlation id"));
  EXPECT_THAT(error_of([&] { (void)append(stream_, event("\xc0\xaf")); }).what(), testing::HasSubstr("event type"));
  EXPECT_EQ(count("events"), 0);
}

using HostileSettings = StoreTest;

/// Of the connection string, the environment or the role: our own sessions set what they rest on.
TEST_F(HostileSettings, ChangeNothingThatIsStored) {
  auto database = temp_.as("writer");
  database.conninfo += "&client_encoding=LATIN1&options=-c%20array_nulls%3Doff%20-c%20bytea_output%3Descape";
  const EventStore store{database};
  const auto session = postgres::open_pqxx(database);
  const std::vector<NewEvent> two{event("ünï", "\xff"), event("t")};
  const StreamName own{"ström-1"};
  const StreamName callers{"ström-2"};
  EXPECT_EQ(version_of(store.append(own, ExpectedVersion::any(), two)), 2);
  pqxx::work tx{*session};
  EXPECT_EQ(version_of(store.append(tx, callers, ExpectedVersion::any(), two)), 2);
  tx.commit();
  for (const auto& stream : {own, callers}) {
    const auto read = store_.read_stream(stream);
    ASSERT_EQ(read.size(), 2U);
    expect_same(two[0], read[0]);
    expect_same(two[1], read[1]);
  }
}

/// What is not given must not become the word NULL.
TEST_F(HostileSettings, OfACallersSessionPutNoWordsIntoEvents) {
  auto timed = event("t");
  timed.occurred_at = parse_timestamp("2026-01-01T00:00:00Z");
  timed.metadata.headers = {{"h", "v"}};
  pqxx::connection session{temp_.as("writer").conninfo + "&options=-c%20array_nulls%3Doff"};
  pqxx::work tx{session};
  EXPECT_EQ(version_of(store_.append(tx, stream_, ExpectedVersion::any(), {timed, timed})), 2);
  tx.commit();
  for (const auto& recorded : store_.read_stream(stream_)) expect_same(timed, recorded);
  EXPECT_EQ(direct_.query("SELECT count(*) FROM annals.events WHERE correlation_id IS NULL AND tracestate IS NULL")
                .bigint(0, 0),
            2);
}

/// A name would be stored as other characters, which is the name of another stream.
TEST_F(HostileSettings, OfACallersSessionInAnotherEncodingAreRefused) {
  pqxx::connection session{temp_.as("writer").conninfo + "&client_encoding=LATIN1"};
  pqxx::work tx{session};
  const auto error =
      error_of([&] { (void)store_.append(tx, StreamName{"ström-1"}, ExpectedVersion::any(), {event("t")}); });
  EXPECT_EQ(error.kind(), ErrorKind::invalid);
  EXPECT_THAT(error.what(), testing::HasSubstr("client_encoding is LATIN1"));
}

INSTANTIATE_TEST_SUITE_P(Paths, HostileContent, testing::Bool(),
                         [](const auto& path) { return path.param ? "CallersTransaction" : "OwnTransaction"; });
