#include "relay/tracing/span_recorder.hpp"

#include <gmock/gmock.h>

#include <chrono>
#include <optional>

#include "annals/testing/manual_clock.hpp"

namespace annals::relayd {
namespace {

using namespace std::chrono_literals;
using outbox::Delivery;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class SpanRecorderTest : public ::testing::Test {
 protected:
  void send(SpanRecorder& recorder, std::int64_t ticket) {
    outbox::MessageView message;
    message.ticket = ticket;
    message.topic = "orders";
    message.traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    recorder.sent(message);
  }
  std::vector<std::string> errors() {
    std::vector<std::string> words;
    for (const auto& span : queue_.take(10, 0ms, {})) words.push_back(span.error);
    return words;
  }

  SpanQueue queue_{10};
  testing::ManualClock clock_;
};

TEST_F(SpanRecorderTest, EndsASpanWhenItsMessageIsReported) {
  SpanRecorder recorder{{}, queue_, clock_};
  send(recorder, 1);
  send(recorder, 2);
  EXPECT_THAT(errors(), IsEmpty());
  const Delivery reports[] = {{.ticket = 2, .outcome = Delivery::Outcome::refused},
                              {.ticket = 1, .outcome = Delivery::Outcome::delivered},
                              {.ticket = 7, .outcome = Delivery::Outcome::delivered}};
  recorder.reported(reports);
  EXPECT_THAT(errors(), ElementsAre("refused", ""));
}

// A sink that is given up reports nothing more.
TEST_F(SpanRecorderTest, EndsWhatIsOnItsWayWithItself) {
  std::optional<SpanRecorder> recorder{std::in_place, TracingOptions{}, queue_, clock_};
  send(*recorder, 1);
  send(*recorder, 2);
  recorder->reported(std::vector<Delivery>{{.ticket = 1, .outcome = Delivery::Outcome::delivered}});
  EXPECT_THAT(errors(), ElementsAre(""));
  {
    const SpanRecorder moved{std::move(*recorder)};
    recorder.reset();
    EXPECT_THAT(errors(), IsEmpty()) << "who was moved from has none";
  }
  EXPECT_THAT(errors(), ElementsAre("undecided"));
}

}  // namespace
}  // namespace annals::relayd
