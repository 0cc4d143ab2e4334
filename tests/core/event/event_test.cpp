#include "annals/core/event.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "annals/core/error.hpp"
#include "annals/core/expected_version.hpp"
#include "annals/core/limits.hpp"
#include "annals/core/reserved_headers.hpp"

using annals::ExpectedVersion;
using annals::NewEvent;
using annals::StreamName;
using annals::StreamVersion;
using testing::HasSubstr;

namespace {

std::string message_of(const std::function<void()>& work) {
  try {
    work();
  } catch (const annals::Error& error) {
    EXPECT_EQ(error.kind(), annals::ErrorKind::invalid);
    return error.what();
  }
  return "nothing was thrown";
}

NewEvent plain() { return {.type = "t", .data = "d"}; }

}  // namespace

TEST(StreamName, KeepsWhateverIsText) {
  for (const std::string name : {"order-1", "a", "Ünïcode-☃-𝄞", "it's \"quoted\"; DROP TABLE events;--", " leading",
                                 "tab\tnew\nline", "100%", "{braces}"}) {
    EXPECT_EQ(StreamName{name}.view(), name);
  }
}

TEST(StreamName, RefusesWhatPostgresCannotStore) {
  EXPECT_THAT(message_of([] { StreamName{""}; }), HasSubstr("stream name is empty"));
  EXPECT_THAT(message_of([] { StreamName{std::string(513, 'x')}; }), HasSubstr("at most 512 bytes"));
  EXPECT_THAT(message_of([] { StreamName{std::string{"a\0b", 3}}; }), HasSubstr("at byte 1"));
  EXPECT_THAT(message_of([] { StreamName{"ok\xff"}; }), HasSubstr("invalid UTF-8 at byte 2"));
}

TEST(StreamName, CategoryIsWhatStandsBeforeTheFirstDash) {
  EXPECT_EQ(StreamName{"order-42-b"}.category(), "order");
  EXPECT_EQ(StreamName{"order"}.category(), "order");
  EXPECT_EQ(StreamName{"-x"}.category(), "");
}

TEST(ExpectedVersion, NamesItself) {
  EXPECT_EQ(to_string(ExpectedVersion::any()), "any");
  EXPECT_EQ(to_string(ExpectedVersion::stream_exists()), "stream_exists");
  EXPECT_EQ(to_string(ExpectedVersion::exactly(StreamVersion{3})), "exactly(3)");
  EXPECT_EQ(ExpectedVersion::exactly(StreamVersion{0}), ExpectedVersion::no_stream());
  EXPECT_THROW((void)ExpectedVersion::exactly(StreamVersion{-1}), annals::Error);
}

TEST(NewEvent, AcceptsWhatIsWithinTheLimits) {
  auto event = plain();
  event.data = std::string{"\0\xff binary", 9};
  event.metadata = {.correlation_id = "c", .headers = {{"k", ""}, {"k", "twice"}}};
  EXPECT_NO_THROW(require_valid(event));
}

TEST(NewEvent, NamesTheMemberThatBreaksALimit) {
  auto no_type = plain();
  no_type.type.clear();
  EXPECT_THAT(message_of([&] { require_valid(no_type); }), HasSubstr("event type is empty"));
  auto large = plain();
  large.data.resize(annals::limits::event_data_bytes_max + 1);
  EXPECT_THAT(message_of([&] { require_valid(large); }), HasSubstr("data of an event of type \"t\""));
  auto nil = plain();
  nil.id = annals::EventId{};
  EXPECT_THAT(message_of([&] { require_valid(nil); }), HasSubstr("nil UUID"));
  auto bad_header = plain();
  bad_header.metadata.headers = {{"name", "\xc3\x28"}};
  EXPECT_THAT(message_of([&] { require_valid(bad_header); }), HasSubstr("value of header \"name\""));
  auto many = plain();
  many.metadata.headers.resize(annals::limits::header_count_max + 1, {"k", "v"});
  EXPECT_THAT(message_of([&] { require_valid(many); }), HasSubstr("65 headers"));
}

TEST(NewEvent, RefusesHeadersThatAnnalsWritesItself) {
  for (const std::string name : {"ce_id", "CE_whatever", "content-type", "Content-Type", "traceparent", "TraceState"}) {
    auto event = plain();
    event.metadata.headers = {{"fine", "v"}, {name, "v"}};
    EXPECT_THAT(message_of([&] { require_valid(event); }), HasSubstr("header name \"" + name + "\" is reserved"));
    event.metadata = annals::without_reserved(event.metadata);
    EXPECT_NO_THROW(require_valid(event));
    EXPECT_THAT(event.metadata.headers, testing::ElementsAre(testing::Pair("fine", "v")));
  }
}

TEST(NewEvent, EscapesAReservedNameThatItRefuses) {
  auto event = plain();
  event.metadata.headers = {{"ce_\x1b[2J", "v"}};
  EXPECT_THAT(message_of([&] { require_valid(event); }), HasSubstr("header name \"ce_\\x1b[2J\" is reserved"));
}

TEST(NewEvent, RefusesTimesThatNoColumnHolds) {
  auto event = plain();
  for (const auto time : {annals::timestamp_min, annals::timestamp_max}) {
    event.occurred_at = time;
    EXPECT_NO_THROW(require_valid(event));
  }
  for (const auto time : {annals::timestamp_min - std::chrono::microseconds{1},
                          annals::timestamp_max + std::chrono::microseconds{1}, annals::Timestamp::max()}) {
    event.occurred_at = time;
    EXPECT_THAT(message_of([&] { require_valid(event); }), HasSubstr("occurred_at"));
  }
}

TEST(NewEvent, CountsAllOfItsBytes) {
  const NewEvent event{.type = "1",
                       .data = "22",
                       .metadata = {.correlation_id = "333",
                                    .causation_id = "4444",
                                    .traceparent = "55555",
                                    .tracestate = "666666",
                                    .headers = {{"7", "8"}, {"9", ""}}}};
  EXPECT_EQ(byte_size(event), 1U + 2 + 3 + 4 + 5 + 6 + 3);
}
