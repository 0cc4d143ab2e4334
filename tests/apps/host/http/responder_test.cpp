#include "host/http/responder.hpp"

#include <gmock/gmock.h>

#include <atomic>
#include <deque>
#include <filesystem>
#include <iterator>
#include <thread>

#include "annals/core/error.hpp"
#include "host/process/process_stats.hpp"
#include "http/raw_client.hpp"

namespace annals::tests {
namespace {

using host::Responder;
using ::testing::HasSubstr;

constexpr const char* good = "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n";

class ResponderTest : public ::testing::Test {
 protected:
  HttpAnswer ask(const std::string& request) const {
    const RawClient client{port()};
    client.send(request);
    return parse_answer(client.read_all());
  }
  int port() const { return responder_.address().port; }

  Responder responder_{{.host = "127.0.0.1", .port = 0},
                       {{"/livez", [] { return Responder::Answer{.body = "alive\n"}; }},
                        {"/throws", []() -> Responder::Answer { throw std::runtime_error{"inside"}; }},
                        {"/large", [] { return Responder::Answer{.body = std::string(4U << 20U, 'x')}; }}}};
};

TEST_F(ResponderTest, AnswersItsPaths) {
  EXPECT_EQ(ask(good).body, "alive\n");
  EXPECT_EQ(ask("GET /livez?x=1 HTTP/1.0\r\nhost: 127.0.0.1:1\r\n\r\n").status, 200);
  EXPECT_EQ(ask("GET /other HTTP/1.1\r\nHost: localhost\r\n\r\n").status, 404);
  EXPECT_EQ(ask("GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n").body.size(), 4U << 20U);
  const auto failed = ask("GET /throws HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(failed.status, 500);
  EXPECT_THAT(failed.body, ::testing::Not(HasSubstr("inside")));
}

TEST_F(ResponderTest, BoundsTheMemoryOfALineWithoutEnd) {
  const auto before = host::read_process_stats().resident_bytes;
  const RawClient client{port()};
  const std::string part(1U << 20U, 'x');
  int parts = 0;
  while (parts < 400 && client.send(part)) ++parts;
  EXPECT_LT(parts, 400) << "a line of 400 MB was taken to its end";
  EXPECT_LT(host::read_process_stats().resident_bytes - before, 16.0 * (1U << 20U));
  EXPECT_EQ(ask(good).status, 200);
}

TEST_F(ResponderTest, RefusesWhatIsTooLongWithAnAnswer) {
  EXPECT_EQ(ask("GET /" + std::string(9000, 'x') + " HTTP/1.1\r\nHost: localhost\r\n\r\n").status, 414);
  EXPECT_EQ(ask("GET /livez HTTP/1.1\r\nHost: localhost\r\nX: " + std::string(9000, 'x') + "\r\n\r\n").status, 431);
}

class ResponderDribble : public ResponderTest, public ::testing::WithParamInterface<int> {};

TEST_P(ResponderDribble, DoesNotKeepOthersWaiting) {
  std::deque<RawClient> clients;
  for (int i = 0; i < GetParam(); ++i) clients.emplace_back(port()).send("GET /li");
  for (int i = 0; i < 20; ++i) {
    for (const auto& client : clients) client.send("v");
    const auto begin = std::chrono::steady_clock::now();
    ASSERT_EQ(ask(good).status, 200);
    ASSERT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds{2});
  }
}

INSTANTIATE_TEST_SUITE_P(Clients, ResponderDribble, ::testing::Values(4, 64));

TEST_F(ResponderTest, KeepsFewDescriptorsWhoeverConnects) {
  const auto open_files = [] {
    const std::filesystem::directory_iterator all{"/proc/self/fd"};
    return std::distance(begin(all), end(all));
  };
  const auto before = open_files();
  std::deque<RawClient> clients;
  for (int i = 0; i < 400; ++i) ASSERT_TRUE(clients.emplace_back(port()).connected());
  EXPECT_EQ(ask(good).status, 200) << "all that connected before have been accepted by now";
  EXPECT_LE(open_files() - before, 400 + 16);
}

TEST_F(ResponderTest, ClosesWhoDoesNotFinishInTime) {
  const RawClient client{port()};
  client.send("GET /livez HTTP/1.1\r\n");
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(client.read_all(), "");
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds{9});
}

TEST_F(ResponderTest, DoesNotShareItsPort) {
  EXPECT_THROW((Responder{{.host = "127.0.0.1", .port = port()}, {}}), Error);
}

}  // namespace
}  // namespace annals::tests
