#include "relay/registry/registry_client.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>

#include "annals/core/event_id.hpp"
#include "annals/testing/manual_clock.hpp"
#include "http_server.hpp"

namespace annals::relayd {
namespace {

using namespace std::chrono_literals;
using Question = kafka::SchemaRegistry::Question;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using tests::HttpServer;

const Question order{"shop.orders-value", "shop.v1.OrderPlaced", ContentType::protobuf};
const Question note{"shop.notes-value", "shop.Note", ContentType::json};

constexpr std::string_view order_schema = "package shop.v1; message Other {} message OrderPlaced {}";

std::string schema_answer(int id, std::string_view type, std::string_view text) {
  return fmt::format(R"({{"id":{},"schemaType":"{}","schema":"{}"}})", id, type, text);
}

/// What the server says, which a test may change.
struct Script {
  std::atomic<int> status{200};
  std::atomic<int> id{7};
  HttpServer::Answer operator()(const HttpServer::Request& request) const {
    if (status != 200) {
      return {.status = status, .body = status == 404 ? R"({"error_code":40401,"message":"no such subject"})" : "{}"};
    }
    const bool json = request.path.find("notes") != std::string::npos;
    return {.body = json ? schema_answer(id, "JSON", "{}") : schema_answer(id, "PROTOBUF", order_schema)};
  }
};

class RegistryClientTest : public ::testing::Test {
 protected:
  ~RegistryClientTest() override { std::filesystem::remove_all(folder_); }

  RegistryClient client(RegistryOptions options = {}) {
    if (options.urls.empty()) options.urls = {server_.url()};
    return {std::move(options), memory_, clock_};
  }
  /// Asks until there is an answer.
  kafka::Schema find(RegistryClient& client, const Question& question) {
    for (int i = 0; i < 1'000; ++i) {
      if (auto schema = client.find(question)) return *schema;
      if (!client.wait(10ms)) clock_.advance(100ms);
    }
    throw std::runtime_error{"no answer"};
  }
  Error error_of(RegistryClient& client, const Question& question) {
    try {
      (void)find(client, question);
    } catch (const Error& error) {
      return error;
    }
    throw std::runtime_error{"no error"};
  }
  std::string schema_file(const std::string& name, std::string_view text) {
    std::filesystem::create_directories(folder_);
    std::ofstream{folder_ / name} << text;
    return folder_.string();
  }

  Script script_;
  HttpServer server_{[this](const auto& request) { return script_(request); }};
  testing::ManualClock clock_;
  std::shared_ptr<RegistryMemory> memory_ = std::make_shared<RegistryMemory>(1'000);
  std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("annals-schemas-" + EventId::generate().to_string());
};

TEST_F(RegistryClientTest, AsksForTheLatestOnceAndRemembersIt) {
  auto first = client();
  EXPECT_FALSE(first.find(order).has_value()) << "nobody waits in find()";
  const auto schema = find(first, order);
  EXPECT_EQ(schema.id, 7);
  EXPECT_THAT(schema.message_indexes, ElementsAre(1));
  EXPECT_TRUE(find(first, note).message_indexes.empty());
  for (int i = 0; i < 100; ++i) EXPECT_EQ(find(first, i % 2 == 0 ? order : note).id, 7);
  auto second = client();
  EXPECT_EQ(second.find(order)->id, 7) << "a sink made anew knows it";
  ASSERT_EQ(server_.requests().size(), 2U);
  EXPECT_EQ(server_.requests()[0].path, "/subjects/shop.orders-value/versions/latest");
  EXPECT_FALSE(first.wait(0ms));
}

TEST_F(RegistryClientTest, EscapesSubjects) {
  auto asked = client();
  (void)find(asked, {"a/../b notes?x#%", "n", ContentType::json});
  EXPECT_EQ(server_.requests()[0].path, "/subjects/a%2F..%2Fb%20notes%3Fx%23%25/versions/latest");
}

TEST_F(RegistryClientTest, TheLatestIsAskedForAgainAndHoldsUntilThen) {
  auto asked = client({.urls = {}, .fresh_for = 1'000ms});
  (void)find(asked, order);
  script_.id = 8;
  clock_.advance(999ms);
  EXPECT_EQ(asked.find(order)->id, 7);
  clock_.advance(1ms);
  EXPECT_EQ(asked.find(order)->id, 7) << "it does not wait for the new one";
  while (asked.wait(10ms)) {
  }
  EXPECT_EQ(asked.find(order)->id, 8);
}

TEST_F(RegistryClientTest, WhatIsMissingIsRefusedForASecond) {
  script_.status = 404;
  auto asked = client();
  const auto error = error_of(asked, order);
  EXPECT_EQ(error.kind(), ErrorKind::refused);
  EXPECT_THAT(error.message(),
              HasSubstr("no schema of shop.v1.OrderPlaced under subject shop.orders-value: 404: no such subject"));
  script_.status = 200;
  EXPECT_THROW((void)asked.find(order), Error);
  EXPECT_TRUE(asked.answers());
  clock_.advance(1s);
  EXPECT_EQ(find(asked, order).id, 7) << "it was registered meanwhile";
}

TEST_F(RegistryClientTest, RefusesASchemaOfAnotherKindOrWithoutTheMessage) {
  auto asked = client();
  EXPECT_THAT(error_of(asked, {"shop.notes-value", "shop.v1.OrderPlaced", ContentType::protobuf}).message(),
              HasSubstr("is JSON, the message is PROTOBUF"));
  const auto error = error_of(asked, {"shop.orders-value", "shop.v1.Missing", ContentType::protobuf});
  EXPECT_EQ(error.kind(), ErrorKind::refused);
  EXPECT_THAT(error.message(), HasSubstr("has no message of that name"));
  EXPECT_THAT(error_of(asked, {"shop.orders-value", "t", ContentType::octet_stream}).message(),
              HasSubstr("the message is AVRO"));
}

TEST_F(RegistryClientTest, WhoMayNotAskIsNotReady) {
  script_.status = 401;
  auto asked = client();
  const auto error = error_of(asked, order);
  EXPECT_EQ(error.kind(), ErrorKind::not_ready);
  EXPECT_THAT(error.hint(), HasSubstr("registry.auth_file"));
  script_.status = 200;
  EXPECT_EQ(find(asked, order).id, 7);
}

TEST_F(RegistryClientTest, OneThatDoesNotAnswerIsAwayAndIsAskedUntilItDoes) {
  script_.status = 503;
  auto asked = client({.urls = {}, .wait_max = 1'000ms});
  const auto error = error_of(asked, order);
  EXPECT_EQ(error.kind(), ErrorKind::disconnected);
  EXPECT_THAT(error.message(), HasSubstr("does not answer: 503"));
  EXPECT_FALSE(asked.answers());
  auto next = client();  // of the next session
  EXPECT_FALSE(next.answers());
  script_.status = 200;
  for (int i = 0; i < 1'000 && !next.answers(); ++i) {
    if (!next.wait(10ms)) clock_.advance(100ms);
  }
  EXPECT_TRUE(next.answers());
  EXPECT_EQ(server_.requests().back().path, "/schemas/types");
  EXPECT_EQ(find(next, order).id, 7);
}

TEST_F(RegistryClientTest, WhatWasKnownHoldsWhileItIsAway) {
  auto asked = client({.urls = {}, .wait_max = 100ms});
  (void)find(asked, order);
  script_.status = 503;
  clock_.advance(1h);
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(asked.find(order)->id, 7);
    (void)asked.wait(10ms);
    clock_.advance(1s);
  }
  EXPECT_FALSE(asked.answers());
  EXPECT_EQ(error_of(asked, note).kind(), ErrorKind::disconnected);
}

TEST_F(RegistryClientTest, AsksTheNextAddressWhenOneIsAway) {
  const HttpServer broken{[](const auto&) { return HttpServer::Answer{.status = 500}; }};
  auto asked = client({.urls = {broken.url(), server_.url()}});
  EXPECT_EQ(find(asked, order).id, 7);
  EXPECT_TRUE(asked.answers());
  EXPECT_EQ(find(asked, note).id, 7);
  EXPECT_EQ(broken.requests().size(), 1U);
}

TEST_F(RegistryClientTest, SendsItsPasswordAndShowsItToNobody) {
  script_.status = 503;
  auto asked = client({.urls = {}, .credentials = "relay:canary", .wait_max = 100ms});
  const auto error = error_of(asked, order);
  EXPECT_EQ(server_.requests()[0].authorization, "Basic cmVsYXk6Y2FuYXJ5");
  EXPECT_EQ(std::string{error.what()}.find("canary"), std::string::npos);
}

TEST_F(RegistryClientTest, LooksUpTheSchemaOfAFileOrRegistersIt) {
  const auto folder =
      schema_file("shop.v1.OrderPlaced.proto", "package shop.v1; message OrderPlaced { string s = 1; }");
  for (const auto choice : {SchemaChoice::file, SchemaChoice::registered}) {
    memory_ = std::make_shared<RegistryMemory>(1'000);
    auto asked = client({.urls = {}, .schemas = choice, .schema_folder = folder});
    const auto schema = find(asked, order);
    EXPECT_EQ(schema.id, 7);
    EXPECT_THAT(schema.message_indexes, ElementsAre(0)) << "of the file";
    const auto request = server_.requests().back();
    EXPECT_EQ(request.path, choice == SchemaChoice::file ? "/subjects/shop.orders-value?normalize=true"
                                                         : "/subjects/shop.orders-value/versions?normalize=true");
    EXPECT_EQ(request.media_type, "application/vnd.schemaregistry.v1+json");
    EXPECT_EQ(request.body,
              R"({"schemaType":"PROTOBUF","schema":"package shop.v1; message OrderPlaced { string s = 1; }"})");
    const auto missing = error_of(asked, note);
    EXPECT_EQ(missing.kind(), ErrorKind::refused);
    EXPECT_THAT(missing.message(), HasSubstr("schema_folder has no schema of shop.Note"));
    clock_.advance(24h);
    EXPECT_EQ(asked.find(order)->id, 7);
    EXPECT_FALSE(asked.wait(0ms)) << "a file's schema has one id for ever";
  }
}

TEST_F(RegistryClientTest, RemembersNoMoreThanItMay) {
  memory_ = std::make_shared<RegistryMemory>(10);
  auto asked = client();
  for (int i = 0; i < 50; ++i) (void)find(asked, {fmt::format("s{}-notes", i), "t", ContentType::json});
  EXPECT_EQ(memory_->size(), 10U);
}

}  // namespace
}  // namespace annals::relayd
