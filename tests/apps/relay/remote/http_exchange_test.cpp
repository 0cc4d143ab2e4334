#include "relay/remote/http_exchange.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <semaphore>

#include "annals/core/event_id.hpp"
#include "http_server.hpp"

namespace annals::relayd {
namespace {

using std::chrono::milliseconds;
using SteadyClock = std::chrono::steady_clock;
using ::testing::HasSubstr;
using tests::HttpServer;

HttpAnswer ask(HttpExchange& exchange, HttpRequest request) {
  exchange.start(std::move(request));
  for (int i = 0; i < 2'000; ++i) {
    if (auto answer = exchange.poll(milliseconds{10})) return *answer;
  }
  ADD_FAILURE() << "no answer";
  return {};
}

HttpServer::Answer hello(const HttpServer::Request&) { return {.status = 200, .body = "hello"}; }

TEST(HttpExchange, AsksAgainAndAgain) {
  const HttpServer server{[](const auto& request) {
    return HttpServer::Answer{.status = request.body.empty() ? 404 : 200, .body = request.path + request.body};
  }};
  HttpExchange exchange{{.credentials = "user:word"}};
  const auto got = ask(exchange, {.url = server.url() + "/a?b=c"});
  EXPECT_EQ(got.status, 404);
  EXPECT_EQ(got.body, "/a?b=c");
  const auto posted = ask(exchange, {.url = server.url() + "/d", .media_type = "x/y", .body = std::string("\0{}", 3)});
  EXPECT_EQ(posted.status, 200);
  EXPECT_EQ(posted.body, "/d" + std::string("\0{}", 3));
  EXPECT_EQ(ask(exchange, {.url = server.url() + "/e"}).body, "/e") << "no body of the one before";
  const auto asked = server.requests();
  ASSERT_EQ(asked.size(), 3U);
  EXPECT_EQ(asked[1].media_type, "x/y");
  for (const auto& request : asked) EXPECT_EQ(request.authorization, "Basic dXNlcjp3b3Jk");
}

TEST(HttpExchange, NobodyThereIsAFailure) {
  int port = 0;
  {
    const HttpServer server{hello};
    port = server.port();
  }
  HttpExchange exchange{{}};
  const auto answer = ask(exchange, {.url = fmt::format("http://127.0.0.1:{}/", port)});
  EXPECT_EQ(answer.status, 0);
  EXPECT_THAT(answer.failure, HasSubstr("connect"));
}

// Neither start() nor poll() waits for it, and the whole of it ends in time.
TEST(HttpExchange, ASilentServerIsGivenUp) {
  std::binary_semaphore go{0};
  const HttpServer server{[&](const auto&) {
    go.acquire();
    return HttpServer::Answer{};
  }};
  HttpExchange exchange{{.timeout = milliseconds{1'000}}};
  const auto begin = SteadyClock::now();
  exchange.start({.url = server.url()});
  EXPECT_FALSE(exchange.poll(milliseconds{0}).has_value());
  EXPECT_LT(SteadyClock::now() - begin, milliseconds{900});
  std::optional<HttpAnswer> answer;
  while (!answer && SteadyClock::now() - begin < milliseconds{10'000}) answer = exchange.poll(milliseconds{50});
  go.release();
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->status, 0);
  EXPECT_THAT(answer->failure, HasSubstr("timed out"));
  EXPECT_GE(SteadyClock::now() - begin, milliseconds{900});
}

TEST(HttpExchange, AnAnswerWithoutEndIsGivenUp) {
  const HttpServer server{[](const auto&) { return HttpServer::Answer{.body = std::string(5'000, 'x')}; }};
  HttpExchange exchange{{.answer_bytes_max = 4'999}};
  EXPECT_THAT(ask(exchange, {.url = server.url()}).failure, HasSubstr("more than 4999 bytes"));
  HttpExchange enough{{.answer_bytes_max = 5'000}};
  EXPECT_EQ(ask(enough, {.url = server.url()}).status, 200);
}

TEST(HttpExchange, SpeaksHttpOnlyAndFollowsNobody) {
  HttpExchange exchange{{}};
  EXPECT_THAT(ask(exchange, {.url = "file:///etc/hostname"}).failure, HasSubstr("not supported or disabled"));
  const HttpServer server{[](const auto&) { return HttpServer::Answer{.status = 302}; }};
  EXPECT_EQ(ask(exchange, {.url = server.url()}).status, 302);
}

/// A certificate of its own for 127.0.0.1, made by the openssl program.
struct Certificate {
  Certificate() {
    std::filesystem::create_directories(folder);
    const auto command = fmt::format(
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN=127.0.0.1 "
        "-addext subjectAltName=IP:127.0.0.1 -keyout {0}/key -out {0}/chain 2>{0}/log",
        folder.string());
    if (std::system(command.c_str()) != 0)
      throw std::runtime_error{"openssl made no certificate"};  // NOLINT(cert-env33-c)
  }
  ~Certificate() { std::filesystem::remove_all(folder); }
  Certificate(const Certificate&) = delete;
  Certificate& operator=(const Certificate&) = delete;
  [[nodiscard]] HttpServer::Certificate files() const { return {chain(), (folder / "key").string()}; }
  [[nodiscard]] std::string chain() const { return (folder / "chain").string(); }
  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("annals-tls-" + EventId::generate().to_string());
};

TEST(HttpExchange, TrustsTheCertificatesThatItWasGivenAndNoOthers) {
  const Certificate certificate;
  const HttpServer server{hello, certificate.files()};
  HttpExchange trusting{{.ca_file = certificate.chain()}};
  const auto answer = ask(trusting, {.url = server.url()});
  EXPECT_EQ(answer.body, "hello") << answer.failure;
  HttpExchange wary{{}};
  EXPECT_THAT(ask(wary, {.url = server.url()}).failure, HasSubstr("certificate"));
  auto other_name = server.url();
  other_name.replace(other_name.find("127.0.0.1"), 9, "localhost");
  EXPECT_EQ(ask(trusting, {.url = other_name}).status, 0) << "it is not localhost's";
  EXPECT_THAT(server.requests(), ::testing::SizeIs(1));
}

// Each is its own authority here.
TEST(HttpExchange, ShowsItsCertificateToAServerThatAsks) {
  const Certificate of_server;
  const Certificate ours;
  const Certificate of_somebody;
  auto asking = of_server.files();
  asking.client_ca = ours.chain();
  const HttpServer server{hello, asking};
  const auto as = [&](const Certificate& who) {
    HttpExchange exchange{{.ca_file = of_server.chain(), .certificate_file = who.chain(), .key_file = who.files().key}};
    return ask(exchange, {.url = server.url()});
  };
  const auto known = as(ours);
  EXPECT_EQ(known.body, "hello") << known.failure;
  EXPECT_EQ(as(of_somebody).status, 0);
  HttpExchange nobody{{.ca_file = of_server.chain()}};
  EXPECT_EQ(ask(nobody, {.url = server.url()}).status, 0);
  EXPECT_THAT(server.requests(), ::testing::SizeIs(1));
}

}  // namespace
}  // namespace annals::relayd
