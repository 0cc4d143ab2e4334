#include <unistd.h>

#include <cstdio>
#include <nlohmann/json.hpp>
#include <sstream>

#include "annals/testing/sink_contract.hpp"
#include "relay/json_lines_sink.hpp"

namespace annals::testing {
namespace {

std::string decode_base64(const std::string& text) {
  static const std::string digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  unsigned bits = 0;
  int count = 0;
  for (const char c : text) {
    if (c == '=') break;
    bits = bits << 6U | static_cast<unsigned>(digits.find(c));
    count += 6;
    if (count < 8) continue;
    count -= 8;
    out += static_cast<char>(bits >> static_cast<unsigned>(count) & 0xffU);
  }
  return out;
}

/// Into a file without a name.
class JsonLinesHarness final : public SinkHarness {
 public:
  std::unique_ptr<outbox::Sink> make_sink(std::size_t queue_max) override {
    constexpr std::size_t line_bytes = 200;
    return std::make_unique<relayd::JsonLinesSink>(output_, queue_max * line_bytes);
  }
  std::string topic() override { return "orders"; }
  std::vector<DurableMessage> durable() override {
    std::string text(static_cast<std::size_t>(lseek(fileno(file_.get()), 0, SEEK_END)), '\0');
    EXPECT_EQ(pread(fileno(file_.get()), text.data(), text.size(), 0), static_cast<ssize_t>(text.size()));
    std::vector<DurableMessage> messages;
    std::istringstream in{text};
    for (std::string line; std::getline(in, line);) {
      const auto json = nlohmann::json::parse(line);
      messages.push_back({json.at("key"), decode_base64(json.at("data_base64")), json.at("id")});
    }
    return messages;
  }

 private:
  struct Close {
    void operator()(std::FILE* file) const noexcept { static_cast<void>(std::fclose(file)); }
  };
  std::unique_ptr<std::FILE, Close> file_{std::tmpfile()};
  host::LineOutput output_{fileno(file_.get())};
};

INSTANTIATE_TEST_SUITE_P(JsonLines, SinkContract,
                         ::testing::Values(SinkAdapter{"json_lines",
                                                       [] { return std::make_unique<JsonLinesHarness>(); }}));

}  // namespace
}  // namespace annals::testing
