#include "relay/registry/registry_answer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace annals::relayd {
namespace {

using Kind = RegistryAnswer::Kind;
using ::testing::HasSubstr;

RegistryAnswer read(long status, const std::string& body) {
  return read_registry_answer({.status = status, .body = body});
}

TEST(RegistryAnswer, HasASchema) {
  const auto answer = read(200, R"({"subject":"s","id":7,"guid":"00010203-0405-0607-0809-0a0b0c0d0e0f","version":3,
    "schemaType":"PROTOBUF","schema":"message \"A\" {}","references":[]})");
  EXPECT_EQ(answer.kind, Kind::found);
  EXPECT_EQ(answer.id, 7);
  EXPECT_EQ(answer.type, "PROTOBUF");
  EXPECT_EQ(answer.text, "message \"A\" {}");
  ASSERT_TRUE(answer.guid.has_value());
  for (std::uint8_t i = 0; i < 16; ++i) EXPECT_EQ(answer.guid->at(i), i);
  EXPECT_FALSE(read(200, R"({"id":7})").guid.has_value());
  for (const auto* guid :
       {"", "0001", "00010203-0405-0607-0809-0a0b0c0d0e0g", "00010203-0405-0607-0809-0a0b0c0d0e0f00"}) {
    EXPECT_FALSE(read(200, R"({"id":7,"guid":")" + std::string{guid} + "\"}").guid.has_value()) << guid;
  }
}

TEST(RegistryAnswer, SaysWhoHasToDoSomething) {
  EXPECT_EQ(read_registry_answer({.failure = "no route"}).kind, Kind::away);
  for (const long status : {500L, 503L, 429L, 408L}) EXPECT_EQ(read(status, "{}").kind, Kind::away) << status;
  for (const auto* code : {"40401", "40402", "40403"}) {
    EXPECT_EQ(read(404, R"({"error_code":)" + std::string{code} + R"(,"message":"none"})").kind, Kind::missing);
  }
  EXPECT_EQ(read(422, R"({"error_code":42201})").kind, Kind::missing);
  EXPECT_EQ(read(409, R"({"error_code":409,"message":"incompatible"})").kind, Kind::missing);
  for (const long status : {401L, 403L, 302L, 404L, 400L, 422L})
    EXPECT_EQ(read(status, "<html>").kind, Kind::denied) << status;
  EXPECT_EQ(read(404, R"({"error_code":404,"message":"no such path"})").kind, Kind::denied);
}

TEST(RegistryAnswer, WhatNoRegistrySaysIsNone) {
  for (const auto* body : {"", "<html>", "[]", "{}", R"({"id":0})", R"({"id":-1})", R"({"id":"7"})",
                           R"({"id":2147483648})", "{\"id\":7"}) {
    EXPECT_EQ(read(200, body).kind, Kind::denied) << body;
  }
  EXPECT_EQ(read(200, R"({"id":2147483647})").id, 2147483647);
}

// It goes into the log and to the operator.
TEST(RegistryAnswer, ItsTextIsCutAndCannotObeyATerminal) {
  const auto answer = read(404, R"({"error_code":40401,"message":"\u001b[31m)" + std::string(10'000, 'x') + "\"}");
  EXPECT_LT(answer.reason.size(), 400U);
  EXPECT_EQ(answer.reason.find('\x1B'), std::string::npos);
  EXPECT_THAT(answer.reason, HasSubstr("404: "));
}

}  // namespace
}  // namespace annals::relayd
