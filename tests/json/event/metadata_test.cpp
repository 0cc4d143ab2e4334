#include "annals/json/metadata.hpp"

#include <gtest/gtest.h>

#include "annals/core/error.hpp"
#include "annals/json/scanner.hpp"

namespace annals::json {
namespace {

using Headers = std::vector<std::pair<std::string, std::string>>;

TEST(MetadataJson, FillsTheFieldsAndKeepsTheRestAsHeaders) {
  const auto metadata = read_metadata(
      R"({"user":"ann","correlation_id":"c","causation_id":"d","traceparent":"t","tracestate":"s","n": 1.50})");
  EXPECT_EQ(metadata.correlation_id, "c");
  EXPECT_EQ(metadata.causation_id, "d");
  EXPECT_EQ(metadata.traceparent, "t");
  EXPECT_EQ(metadata.tracestate, "s");
  EXPECT_EQ(metadata.headers, (Headers{{"user", "ann"}, {"n", "1.50"}, {"annals-json", R"(["n"])"}}));
}

TEST(MetadataJson, WritesBackExactlyWhatWasRead) {
  for (const auto* text :
       {R"({"correlation_id":"c","a":"1","b":1,"c":{"x":[1,"2",null]},"d":true,"e":null,"f":[],"":"x"})", R"({"a":""})",
        R"({"a":"x","a":"y"})", R"({"correlation_id":"c","correlation_id":"again"})", R"({"annals-json":"not a list"})",
        R"({"a\"b\nc":1.10})", R"({"annals-json":"[\"gone\"","b":"1"})"}) {
    EXPECT_EQ(write_metadata(read_metadata(text)), text);
  }
  EXPECT_EQ(write_metadata(read_metadata("{}")), "");
}

TEST(MetadataJson, RefusesWhatCouldNotBeWrittenBack) {
  for (const auto* text : {R"({"correlation_id":1})", R"({"a":1,"a":"x"})", R"({"a":1,"annals-json":"x"})"}) {
    EXPECT_THROW((void)read_metadata(text), Error) << text;
  }
  EXPECT_THROW((void)read_metadata("[]"), Malformed);
  EXPECT_THROW((void)read_metadata(R"({"a":"\ud800"})"), Malformed);
}

TEST(MetadataJson, ShowsAListThatLiesAsStrings) {
  Metadata metadata;
  metadata.headers = {{"a", "not json"}, {"b", "\"text\""}, {"annals-json", R"(["a","b"])"}};
  EXPECT_EQ(write_metadata(metadata), R"({"a":"not json","b":"\"text\""})");
}

}  // namespace
}  // namespace annals::json
