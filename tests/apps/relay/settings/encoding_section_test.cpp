#include "relay/settings/encoding_section.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "relay/settings/toml_file.hpp"

namespace annals::relayd {
namespace {

using kafka::Encoding;
using kafka::EncodingRule;
using kafka::KeyRule;
using kafka::PartitionRule;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

FileContents read(const std::string& body) { return parse_toml("[[encoding]]\n" + body + "\n", "relay.toml"); }

TEST(EncodingSection, SaysEverythingThatARuleCanSay) {
  const auto contents = read(R"(topic = "shop.*"
category = "order"
format = "debezium"
key = "header:tenant"
rename = { "a" = "b" }
drop = ["c"]
add = { "d" = "e" }
attributes = { type = "eventType" }
tombstone_types = ["t"]
tombstone_header = "deleted")");
  EXPECT_THAT(contents.problems, IsEmpty());
  const EncodingRule expected{.topic = "shop.*",
                              .category = "order",
                              .encoding = Encoding::debezium,
                              .key = {.from = KeyRule::From::header, .text = "tenant"},
                              .rename = {{"a", "b"}},
                              .drop = {"c"},
                              .add = {{"d", "e"}},
                              .attributes = {{"type", "eventType"}},
                              .tombstone_types = {"t"},
                              .tombstone_header = "deleted"};
  ASSERT_EQ(contents.encodings.size(), 1U);
  EXPECT_EQ(contents.encodings.front(), expected);
  EXPECT_EQ(to_string(expected), "shop.*/order=debezium key=header:tenant");
}

TEST(EncodingSection, KeysAndPartitionsHaveTheirForms) {
  const auto rule = [](const std::string& body) { return read(body).encodings.front(); };
  EXPECT_EQ(rule("key = \"constant:a:b\"").key, (KeyRule{.from = KeyRule::From::constant, .text = "a:b"}));
  EXPECT_EQ(rule("key = \"none\"").key.from, KeyRule::From::none);
  EXPECT_EQ(rule("partition = \"header:h\"").partition,
            (PartitionRule{.by = PartitionRule::By::header, .header = "h"}));
  EXPECT_EQ(rule("partition = \"number:n\"").partition,
            (PartitionRule{.by = PartitionRule::By::number, .header = "n"}));
  EXPECT_EQ(rule("partition = \"key\""), EncodingRule{});
  EXPECT_EQ(rule("partition = \"shard\"").partition, (PartitionRule{.by = PartitionRule::By::shard}));
  EXPECT_EQ(to_string(rule("partition = \"shard\"")), "*=cloudevents-binary partition=shard");
}

TEST(EncodingSection, WhatIsWrongIsNamedWithItsLine) {
  const auto problem = [](const std::string& body) { return read(body).problems.at(0); };
  EXPECT_THAT(problem("fromat = \"raw\""),
              HasSubstr("relay.toml:2: encoding.fromat is not a setting. Hint: did you mean format?"));
  EXPECT_THAT(problem("format = \"avro\""),
              HasSubstr("use one of cloudevents-binary, cloudevents-structured, raw, debezium"));
  EXPECT_THAT(problem("key = \"header\""), HasSubstr("encoding.key is no key"));
  EXPECT_THAT(problem("key = \"id:x\""), HasSubstr("encoding.key is no key"));
  EXPECT_THAT(problem("key = 7"), HasSubstr("encoding.key is no key"));
  EXPECT_THAT(problem("partition = \"number\""), HasSubstr("no way to choose a partition"));
  EXPECT_THAT(problem("partition = \"3\""), HasSubstr("no way to choose a partition"));
  EXPECT_THAT(problem("topic = \"\""), HasSubstr("encoding.topic is not a text"));
  EXPECT_THAT(problem("drop = \"a\""), HasSubstr("encoding.drop is not a list of texts"));
  EXPECT_THAT(problem("add = { a = 1 }"), HasSubstr("encoding.add is not a table of texts"));
  EXPECT_THAT(parse_toml("encoding = 1\n", "relay.toml").problems, ElementsAre(HasSubstr("not a list of sections")));
}

}  // namespace
}  // namespace annals::relayd
