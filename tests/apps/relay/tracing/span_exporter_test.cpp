#include "relay/tracing/span_exporter.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <semaphore>
#include <thread>

#include "http_server.hpp"

namespace annals::relayd {
namespace {

using namespace std::chrono_literals;
using SteadyClock = std::chrono::steady_clock;
using tests::HttpServer;

Span numbered(int number) {
  Span span;
  span.topic = std::to_string(number);
  return span;
}

TEST(SpanQueue, DropsWhatItHasNoRoomForAndWaitsForNobody) {
  SpanQueue queue{3};
  for (int i = 0; i < 5; ++i) queue.put(numbered(i));
  queue.drop();
  EXPECT_EQ(queue.take_dropped(), 3U);
  EXPECT_EQ(queue.take_dropped(), 0U);
  const auto taken = queue.take(2, 1h, {});
  ASSERT_EQ(taken.size(), 2U);
  EXPECT_EQ(taken[0].topic, "0");
  EXPECT_EQ(queue.take(2, 0ms, {}).size(), 1U);
  EXPECT_TRUE(queue.take(2, 0ms, {}).empty());
}

TEST(SpanQueue, WakesWhoWaitsWhenABatchIsThereOrAStopIsAskedFor) {
  SpanQueue queue{10};
  std::size_t batch = 0;
  std::jthread taker{[&](const std::stop_token& stop) { batch = queue.take(3, 1h, stop).size(); }};
  for (int i = 0; i < 3; ++i) queue.put(numbered(i));
  taker.join();
  EXPECT_EQ(batch, 3U);
  std::jthread stopped{[&](const std::stop_token& stop) { batch = queue.take(3, 1h, stop).size(); }};
  stopped.request_stop();
  stopped.join();
  EXPECT_EQ(batch, 0U);
}

class SpanExporterTest : public ::testing::Test {
 protected:
  void run(const std::string& endpoint, std::chrono::milliseconds timeout = 500ms) {
    SpanExporter exporter{
        {.endpoint = endpoint, .interval = 10ms, .timeout = timeout}, queue_, [this](auto out, auto lost) {
          exported_ += out;
          dropped_ += lost;
        }};
    exporter.run(stop_.get_token());
  }
  SpanQueue queue_{100};
  std::stop_source stop_;
  std::atomic<std::size_t> exported_{0};
  std::atomic<std::size_t> dropped_{0};
};

TEST_F(SpanExporterTest, SendsWhatIsLeftWhenItIsStopped) {
  const HttpServer server{[](const auto&) { return HttpServer::Answer{}; }};
  for (int i = 0; i < 7; ++i) queue_.put(numbered(i));
  stop_.request_stop();
  run(server.url());
  EXPECT_EQ(exported_, 7U);
  EXPECT_EQ(dropped_, 0U);
  EXPECT_EQ(server.requests().size(), 1U);
}

// A collector that says nothing: the thread ends all the same, and nobody who published has waited.
TEST_F(SpanExporterTest, AStopWaitsForASilentCollectorNoLongerThanItsTimeout) {
  std::counting_semaphore<9> go{0};
  std::counting_semaphore<9> asked{0};
  const HttpServer server{[&](const auto&) {
    asked.release();
    go.acquire();
    return HttpServer::Answer{};
  }};
  for (int i = 0; i < 7; ++i) queue_.put(numbered(i));
  std::jthread exporter{[&] { run(server.url()); }};
  asked.acquire();
  const auto begin = SteadyClock::now();
  stop_.request_stop();
  exporter.join();
  EXPECT_LT(SteadyClock::now() - begin, 5s) << "two attempts of half a second";
  go.release(1);
  go.release(1);
  EXPECT_EQ(exported_, 0U);
  EXPECT_EQ(dropped_, 7U);
}

}  // namespace
}  // namespace annals::relayd
