#include "relay/json_lines_sink.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <thread>

#include "annals/core/error.hpp"

namespace annals::relayd {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Pipe {
  Pipe() {
    if (pipe(ends.data()) != 0) throw std::runtime_error{"pipe"};
    std::signal(SIGPIPE, SIG_IGN);
  }
  ~Pipe() {
    close_reader();
    close(ends[1]);
  }
  void close_reader() {
    if (ends[0] >= 0) close(std::exchange(ends[0], -1));
  }
  std::string read_some() const {
    std::string text(65536, '\0');
    const auto count = ::read(ends[0], text.data(), text.size());
    text.resize(static_cast<std::size_t>(count));
    return text;
  }
  std::array<int, 2> ends{};
};

outbox::MessageView message(std::int64_t position, std::string_view payload) {
  outbox::MessageView view;
  view.ticket = view.position = position;
  view.topic = "orders";
  view.key = "k";
  view.type = "shop.v1.Placed";
  view.content_type = ContentType::json;
  view.payload = payload;
  return view;
}

std::string line(const outbox::MessageView& view) {
  std::string out;
  append_json_line(out, view);
  return out;
}

TEST(JsonLine, HasNoDataOfATombstone) {
  auto tombstone = message(7, "");
  tombstone.tombstone = true;
  EXPECT_THAT(line(tombstone), HasSubstr(R"("data":null})"));
}

TEST(JsonLine, EmbedsJsonOnOneLine) {
  EXPECT_THAT(line(message(7, "{\n \"a\": \"x\\ny\"\r\n}")), HasSubstr(R"("data":{"a":"x\ny"}})"));
  EXPECT_THAT(line(message(7, "{}")), HasSubstr(R"({"position":7,"topic":"orders","key":"k",)"));
}

TEST(JsonLine, NamesTheDatabaseWhenItHasAName) {
  std::string out;
  append_json_line(out, message(7, "{}"), "shop");
  EXPECT_THAT(out, HasSubstr(R"({"position":7,"database":"shop","topic":"orders")"));
}

TEST(JsonLine, KeepsNumbersThatNoTypeHolds) {
  for (const auto* number : {"1e400", "123456789012345678901234567890.10", "-0"}) {
    EXPECT_THAT(line(message(1, number)), HasSubstr(std::string{"\"data\":"} + number + "}"));
  }
}

TEST(JsonLine, EscapesWhatATerminalWouldObeyInDataToo) {
  EXPECT_THAT(line(message(1, "{\"a\":\"\xC2\x9B\xE2\x80\xAE\"}")), HasSubstr(R"("data":{"a":"\u009b\u202e"}})"));
}

TEST(JsonLine, EncodesEverythingElseInBase64) {
  EXPECT_THAT(line(message(1, "{broken")), HasSubstr(R"("data_base64":"e2Jyb2tlbg==")"));
  auto binary = message(1, std::string_view{"\0\xff", 2});
  binary.content_type = ContentType::protobuf;
  EXPECT_THAT(line(binary), HasSubstr(R"("datacontenttype":"application/protobuf","data_base64":"AP8=")"));
}

TEST(JsonLine, KeepsHeadersInOrderAndEscapesAll) {
  auto view = message(1, "1");
  view.key = "a\"\n\xff";
  view.headers = {{"h", "1"}, {"h", "\x01"}};
  EXPECT_THAT(line(view), HasSubstr("\"key\":\"a\\\"\\n\xEF\xBF\xBD\""));
  EXPECT_THAT(line(view), HasSubstr(R"("headers":[["h","1"],["h","\u0001"]])"));
}

TEST(JsonLinesSink, ReportsWhatIsWritten) {
  const Pipe pipe;
  host::LineOutput output{pipe.ends[1]};
  JsonLinesSink sink{output, 1U << 20U};
  std::vector<outbox::Delivery> deliveries;
  for (int i = 1; i <= 3; ++i) EXPECT_EQ(sink.send(message(i, "{}")), outbox::Sink::Send::accepted);
  sink.poll(1s, deliveries);
  ASSERT_EQ(deliveries.size(), 3U);
  EXPECT_EQ(deliveries[2].ticket, 3);
  EXPECT_TRUE(deliveries[0].delivered());
  const auto text = pipe.read_some();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 3);
}

TEST(JsonLinesSink, WaitsWithinBoundsForASlowReaderAndKeepsLinesWhole) {
  const Pipe pipe;
  fcntl(pipe.ends[1], F_SETPIPE_SZ, 4096);
  host::LineOutput output{pipe.ends[1]};
  JsonLinesSink slow{output, 100'000};
  JsonLinesSink other{output, 100'000};
  const std::string large = "\"" + std::string(200'000, 'x') + "\"";
  EXPECT_EQ(slow.send(message(1, large)), outbox::Sink::Send::accepted);
  EXPECT_EQ(slow.send(message(2, "{}")), outbox::Sink::Send::full);
  EXPECT_EQ(other.send(message(9, "{}")), outbox::Sink::Send::accepted);
  std::vector<outbox::Delivery> deliveries;
  slow.poll(20ms, deliveries);
  other.poll(20ms, deliveries);
  EXPECT_THAT(deliveries, IsEmpty());
  std::string text;
  while (text.size() < 200'000 || text.back() != '\n') {
    text += pipe.read_some();
    slow.poll(5ms, deliveries);
  }
  EXPECT_EQ(deliveries.size(), 1U);
  other.poll(1s, deliveries);
  EXPECT_EQ(deliveries.size(), 2U);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1);
}

TEST(JsonLinesSink, SetsATornLineApart) {
  const Pipe pipe;
  fcntl(pipe.ends[1], F_SETPIPE_SZ, 8192);
  host::LineOutput output{pipe.ends[1]};
  std::vector<outbox::Delivery> deliveries;
  {
    JsonLinesSink torn{output, 100'000};
    const std::string large = "\"" + std::string(50'000, 'x') + "\"";
    EXPECT_EQ(torn.send(message(1, large)), outbox::Sink::Send::accepted);
    torn.poll(1ms, deliveries);
  }
  static_cast<void>(pipe.read_some());
  JsonLinesSink next{output, 100'000};
  EXPECT_EQ(next.send(message(2, "{}")), outbox::Sink::Send::accepted);
  next.poll(1s, deliveries);
  EXPECT_THAT(pipe.read_some(), ::testing::MatchesRegex("(x*\n)?\n?\\{\"position\":2.*\n"));
}

TEST(JsonLinesSink, SaysThatTheReaderIsGone) {
  Pipe pipe;
  host::LineOutput output{pipe.ends[1]};
  JsonLinesSink sink{output, 1000};
  EXPECT_TRUE(output.has_reader());
  pipe.close_reader();
  EXPECT_FALSE(output.has_reader());
  EXPECT_EQ(sink.send(message(1, "{}")), outbox::Sink::Send::accepted);
  std::vector<outbox::Delivery> deliveries;
  try {
    sink.poll(1s, deliveries);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::disconnected);
  }
  EXPECT_THAT(deliveries, IsEmpty());
}

}  // namespace
}  // namespace annals::relayd
