#include "relay/registry/message_indexes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace annals::relayd {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::string_view proto = R"(
// message Commented { }
syntax = "proto3"; /* message Neither {} */
package shop.v1;
import "google/protobuf/timestamp.proto";
option (file) = { message { Inner { a: 1 } } };
message First {
  string message = 1;
  message Deep { message Deeper { enum E { A = 0; } } message Second {} }
  map<string, Deep> deeps = 2 [(field) = {k: "}"}, deprecated = true];
  oneof kind { string a = 3; Deep b = 4; }
  reserved 5, 6 to 8;
  message Last {}
  extensions 100 to max;
}
enum Colour { option allow_alias = true; RED = 0; }
extend First { optional string note = 100; }
service Shop { rpc Buy(First) returns (Second) { option (x) = "message Y {"; } }
export message Second { First.Deep deep = 1; };
message Third {}
)";

TEST(MessageIndexes, AreTheWayToTheMessage) {
  EXPECT_THAT(message_indexes(proto, "shop.v1.First"), ElementsAre(0));
  EXPECT_THAT(message_indexes(proto, "shop.v1.Second"), ElementsAre(1));
  EXPECT_THAT(message_indexes(proto, "shop.v1.Third"), ElementsAre(2));
  EXPECT_THAT(message_indexes(proto, "shop.v1.First.Deep"), ElementsAre(0, 0));
  EXPECT_THAT(message_indexes(proto, "shop.v1.First.Last"), ElementsAre(0, 1));
  EXPECT_THAT(message_indexes(proto, "shop.v1.First.Deep.Deeper"), ElementsAre(0, 0, 0));
  EXPECT_THAT(message_indexes(proto, "shop.v1.First.Deep.Second"), ElementsAre(0, 0, 1));
  EXPECT_THAT(message_indexes("message A {} message B {}", "B"), ElementsAre(1));
}

TEST(MessageIndexes, WhatIsNotThereHasNone) {
  for (const auto* name : {"shop.v1", "First", "shop.v1.Commented", "shop.v1.Neither", "shop.v1.Colour",
                           "shop.v1.First.E", "shop.v1.Inner", "shop.v1.Y", "shop.v1.First.", "", "Shop"}) {
    EXPECT_THAT(message_indexes(proto, name), IsEmpty()) << name;
  }
}

/// Whatever a registry sends: an end, and no message.
TEST(MessageIndexes, OfWhatIsNoSchemaEnd) {
  std::string nested;
  for (int i = 0; i < 10'000; ++i) nested += "message M {";
  for (const auto& text : {std::string{}, std::string{"}"}, std::string{"message"}, std::string{"message X"},
                           std::string{"\"open"}, std::string{"/* open"}, std::string{"{{{{"},
                           std::string{"{\"type\":\"record\"}"}, nested, std::string(1'000'000, '{')}) {
    EXPECT_THAT(message_indexes(text, "X"), IsEmpty()) << text.substr(0, 20);
  }
  for (std::size_t end = 0; end < proto.size(); ++end) (void)message_indexes(proto.substr(0, end), "shop.v1.Third");
}

}  // namespace
}  // namespace annals::relayd
