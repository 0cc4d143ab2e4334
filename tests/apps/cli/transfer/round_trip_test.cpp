// What is exported, imported elsewhere and exported again is the same, line for line.
#include <fmt/format.h>

#include <algorithm>
#include <random>

#include "annals/json/base64.hpp"
#include "annals/json/string.hpp"
#include "cli_test.hpp"

namespace annals::tests {
namespace {

using annals::json::as_string;
using annals::json::encode_base64;

/// Import lines of every odd kind.
class Lines {
 public:
  explicit Lines(unsigned seed) : random_(seed) {}

  std::string next() {
    auto line =
        fmt::format(R"({{"stream":{},"type":{},{})", as_string(pick(names())), as_string(pick(types())), data());
    if (chance(2)) line += R"(,"metadata":)" + metadata();
    if (chance(2)) line += fmt::format(R"(,"time":"{}")", pick(times()));
    return line + "}";
  }
  bool chance(unsigned one_in) { return random_() % one_in == 0; }

 private:
  const std::string& pick(const std::vector<std::string>& values) { return values[random_() % values.size()]; }
  static const std::vector<std::string>& names() {
    static const std::vector<std::string> all{"order-1",     "order-2",
                                              "a\"b'c",      "line\nbreak",
                                              "tab\there",   "注文-🎉",
                                              "100%",        "%s{}$1",
                                              "  leading",   "trailing ",
                                              "{a,b}",       "NULL",
                                              "back\\slash", "-",
                                              "'; DROP --",  std::string(512, 'x'),
                                              "\x01\x7F",    "e\xCC\x81",
                                              "null",        "\"\"",
                                              "a,b",         std::string(170, ' ') + "é"};
    return all;
  }
  static const std::vector<std::string>& types() {
    static const std::vector<std::string> all{
        "shop.v1.Placed", "never seen before", "ü", std::string(256, 't'), "{}", "\\"};
    return all;
  }
  static const std::vector<std::string>& times() {
    static const std::vector<std::string> all{"2026-03-01T12:00:00Z",        "1970-01-01T00:00:00Z",
                                              "1899-12-31T23:59:59.999999Z", "2006-07-24T00:00:00+02:00",
                                              "2026-03-01T12:00:00.000001Z", "9999-12-31T23:59:59Z"};
    return all;
  }
  std::string data() {
    if (!chance(5)) return R"("data":)" + value(3);
    std::string bytes(random_() % 40, '\0');
    for (auto& byte : bytes) byte = static_cast<char>(random_());
    const auto* type = chance(2) ? "application/protobuf" : "application/octet-stream";
    return fmt::format(R"("data_base64":"{}","content_type":"{}")", encode_base64(bytes), type);
  }
  std::string value(int depth) {
    static const std::vector<std::string> leaves{"0.10",
                                                 "12345678901234567890.123",
                                                 "-0",
                                                 "1E+400",
                                                 "1.0",
                                                 "true",
                                                 "null",
                                                 "\"\"",
                                                 R"("\u0000")",
                                                 R"("\ud83c\udf89 🎉 \ud800")",
                                                 R"("\/ \" \\ '")",
                                                 "[]",
                                                 "{}"};
    if (depth == 0 || chance(3)) return pick(leaves);
    std::string text = chance(2) ? "{" : "[";
    const bool object = text == "{";
    for (auto i = random_() % 4; i > 0; --i) {
      if (text.size() > 1) text += " , ";
      if (object) text += pick(names()).size() % 2 ? "\"k\": " : "\"\\u006b\":";
      text += value(depth - 1);
    }
    return text + (object ? "}" : "]");
  }
  std::string metadata() {
    std::string text = "{";
    for (const auto* name : {"correlation_id", "causation_id", "traceparent", "tracestate"}) {
      if (chance(2)) text += fmt::format(R"("{}":"v",)", name);
    }
    for (auto i = random_() % 4; i > 0; --i) {
      const bool plain = chance(2);
      text += fmt::format(R"("h{}":{},)", i, plain ? as_string(pick(types())) : metadata_value());
    }
    if (text.back() == ',') text.pop_back();
    return text + "}";
  }
  std::string metadata_value() {
    static const std::vector<std::string> all{"1.50", "true",          "null", R"({"a": [1, "2"]})",
                                              "[ ]",  R"(["\u0000"])", R"("")"};
    return pick(all);
  }
  std::mt19937 random_;
};

/// The lines without what an import may change: positions close their gaps.
std::vector<std::string> without_positions(const std::string& text) {
  auto lines = lines_of(text);
  for (auto& line : lines) line.erase(0, line.find(','));
  return lines;
}

class RoundTrip : public CliTest {};

TEST_F(RoundTrip, KeepsEveryLine) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE(fmt::format("seed {}", seed));
  Lines lines{seed};
  std::string text;
  for (int i = 0; i < 3000; ++i) {
    const auto line = lines.next() + "\n";
    text += line;
    if (lines.chance(20)) text += line;  // the same event twice
  }
  const auto imported = annals({"events", "import", "-"}, text);
  ASSERT_EQ(imported.code, 0) << imported.err;
  const auto first = output({"events", "export"});
  EXPECT_EQ(lines_of(first).size(), lines_of(text).size());

  const TempDatabase copy;
  const auto again = run({"--database", copy.uri("writer"), "events", "import", "-"}, first);
  ASSERT_EQ(again.code, 0) << again.err;
  const auto second = run({"--database", copy.uri("doctor"), "events", "export"}).out;
  EXPECT_EQ(without_positions(second), without_positions(first));
  // And into the store it came from: everything is there already.
  EXPECT_THAT(output({"events", "import", "-"}, first), testing::HasSubstr("imported 0 events, 0 new streams"));
}

TEST_F(RoundTrip, KeepsMoneyToTheLastDigit) {
  const std::string data = R"({"price":0.10,"total":12345678901234567890.123,"tiny":1e-400,"list":[1.0,-0.0]})";
  (void)output({"events", "import", "-"}, R"({"stream":"a","type":"T","data":)" + data + "}\n");
  EXPECT_THAT(output({"events", "export"}), testing::HasSubstr("\"data\":" + data));
}

TEST_F(RoundTrip, SeesAByteThatIsLost) {  // negative control of KeepsEveryLine
  (void)output({"events", "import", "-"}, R"({"stream":"a","type":"T","data":0.10})"
                                          "\n");
  const auto before = without_positions(output({"events", "export"}));
  auto connection = connect();
  connection.execute("ALTER TABLE annals.events DISABLE TRIGGER USER; UPDATE annals.events SET data = '0.1'");
  EXPECT_NE(without_positions(output({"events", "export"})), before);
}

}  // namespace
}  // namespace annals::tests
