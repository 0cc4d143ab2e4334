#include "annals/json/event_line.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "annals/core/error.hpp"
#include "annals/json/event_text.hpp"
#include "annals/json/scanner.hpp"

namespace annals::json {
namespace {

/// What a user would be told.
std::string refusal(const std::string& line) {
  try {
    (void)read_event_line(line);
    return {};
  } catch (const Error& error) {
    return error.message() + " / " + error.hint();
  } catch (const Malformed& error) {
    return error.what();
  }
}

TEST(EventLine, ReadsAllMembers) {
  const auto read = read_event_line(
      R"({"position":9,"stream":"a-1","version":3,"id":"01890a5d-ac96-774b-bcce-b302099a8057","type":"T",)"
      R"("data":{"n": 0.10},"metadata":{"k":"v"},"time":"2026-03-01T12:00:00.25+01:00"})");
  EXPECT_EQ(read.stream, StreamName{"a-1"});
  EXPECT_EQ(read.version, StreamVersion{3});
  EXPECT_EQ(read.event.id.to_string(), "01890a5d-ac96-774b-bcce-b302099a8057");
  EXPECT_EQ(read.event.type, "T");
  EXPECT_EQ(read.event.data, R"({"n":0.10})");
  EXPECT_EQ(read.event.content_type, ContentType::json);
  EXPECT_EQ(read.event.metadata.headers.at(0).second, "v");
  EXPECT_EQ(format_timestamp(*read.event.occurred_at), "2026-03-01T11:00:00.25Z");
}

TEST(EventLine, ReadsBytes) {
  const auto read =
      read_event_line(R"({"stream":"a","type":"T","data_base64":"AAEC/w==","content_type":"application/protobuf"})");
  EXPECT_EQ(read.event.data, (std::string{"\0\1\2\xFF", 4}));
  EXPECT_EQ(read.event.content_type, ContentType::protobuf);
  EXPECT_FALSE(read.version);
  EXPECT_FALSE(read.event.id.is_nil());
}

TEST(EventLine, RefusesWithTheMemberAndTheRemedy) {
  const struct {
    std::string line;
    const char* expected;
  } cases[] = {
      {R"([])", "'{' is due"},
      {R"({})", "\"stream\" is missing"},
      {R"({"stream":"a","type":"T"})", "\"data\" is missing"},
      {R"({"stream":1,"type":"T","data":1})", "\"stream\" is not a string"},
      {R"({"stream":"a","data":1})", "\"type\" is missing"},
      {R"({"stream":"a","type":"","data":1})", "event type is empty"},
      {R"({"stream":"","type":"T","data":1})", "stream name is empty"},
      {R"({"stream":"a\u0000b","type":"T","data":1})", "NUL"},
      {R"({"stream":"\ud800","type":"T","data":1})", "half a surrogate pair"},
      {R"({"stream":")" + std::string(513, 'x') + R"(","type":"T","data":1})", "513 bytes"},
      {R"({"stream":"a","type":")" + std::string(257, 'x') + R"(","data":1})", "257 bytes"},
      {R"({"stream":"a","stream":"b","type":"T","data":1})", "\"stream\" appears twice"},
      {R"({"stream":"a","str\u0065am":"b","type":"T","data":1})", "\"stream\" appears twice"},
      {R"({"stream":"a","type":"T","data":1,"datum":2})", "unknown member \"datum\""},
      {R"({"stream":"a","type":"T","data":1,"data_base64":""})", "both"},
      {R"({"stream":"a","type":"T","data_base64":"AA=="})", "content_type"},
      {R"({"stream":"a","type":"T","data_base64":"A","content_type":"application/json"})", "not base64"},
      {R"({"stream":"a","type":"T","data_base64":"AA==","content_type":"text/plain"})", "unknown content_type"},
      {R"({"stream":"a","type":"T","data":1,"content_type":"application/protobuf"})", "says otherwise"},
      {R"({"stream":"a","type":"T","data":1,"time":"yesterday"})", "RFC 3339"},
      {R"({"stream":"a","type":"T","data":1,"time":"2026-03-01T12:00:00"})", "RFC 3339"},
      {R"({"stream":"a","type":"T","data":1,"id":"x"})", "not a UUID"},
      {R"({"stream":"a","type":"T","data":1,"id":"00000000-0000-0000-0000-000000000000"})", "nil UUID"},
      {R"({"stream":"a","type":"T","data":1,"version":0})", "whole number"},
      {R"({"stream":"a","type":"T","data":1,"version":1.0})", "whole number"},
      {R"({"stream":"a","type":"T","data":1,"version":"1"})", "whole number"},
      {R"({"stream":"a","type":"T","data":1,"version":9223372036854775808})", "whole number"},
      {R"({"stream":"a","type":"T","data":1,"metadata":[]})", "'{' is due"},
      {R"({"stream":"a","type":"T","data":1,"metadata":{"correlation_id":")" + std::string(1025, 'x') + R"("}})",
       "correlation id"},
      {R"({"stream":"a","type":"T","data":1,"metadata":{"k":")" + std::string(8193, 'x') + R"("}})", "header"},
      {R"({"stream":"a","type":"T","data":1} {})", "follows"},
      {R"({"stream":"a","type":"T","data":")" + std::string((16U << 20U) + 1, 'x') + R"("})", "16777219 bytes"},
  };
  for (const auto& one : cases) {
    EXPECT_THAT(refusal(one.line), testing::HasSubstr(one.expected)) << one.line.substr(0, 200);
  }
}

TEST(EventJson, ShowsDataThatIsNotTheJsonItClaimsToBeAsBytes) {
  RecordedEvent event;
  event.stream = StreamName{"a"};
  event.type = "T";
  event.content_type = ContentType::json;
  event.data = "{broken";
  EXPECT_THAT(event_text(event),
              testing::HasSubstr(R"("data_base64":"e2Jyb2tlbg==","content_type":"application/json")"));
}

}  // namespace
}  // namespace annals::json
