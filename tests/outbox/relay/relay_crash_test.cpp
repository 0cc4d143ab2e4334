// A relay is killed with SIGKILL at each of its named points, again and again; the runs after it must publish
// everything, first occurrences in order.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "annals/outbox/status.hpp"
#include "relay_test_base.hpp"
#include "support/run_victim.hpp"

namespace annals::tests {
namespace {

struct Line {
  std::int64_t position;
  std::string key;
  int number;
};

/// Says what is wrong with a published file; empty when nothing is. The promise: of every key, the numbers in order of
/// their first occurrence are all that were written.
std::string check(const std::vector<Line>& published, int count) {
  std::set<int> seen;
  std::map<std::string, int> last;
  for (const auto& line : published) {
    if (!seen.insert(line.number).second) continue;
    const auto before = last.find(line.key);
    if (before != last.end() && before->second > line.number) {
      return fmt::format("{} came first after {} of key {}", line.number, before->second, line.key);
    }
    last[line.key] = line.number;
  }
  if (static_cast<int>(seen.size()) != count) return fmt::format("{} of {} messages", seen.size(), count);
  return {};
}

class RelayCrash : public RelayTestBase {
 protected:
  RelayCrash()
      : file_((std::filesystem::temp_directory_path() / ("annals-" + EventId::generate().to_string())).string()) {}
  ~RelayCrash() override { std::filesystem::remove(file_); }

  /// True when the victim was killed, false when it ended well.
  bool run_victim(const std::string& point, int count, const std::string& refused = {}) {
    return tests::run_victim(
        {ANNALS_RELAY_VICTIM, database_.uri("relay"), file_, point, std::to_string(count), refused});
  }
  /// Once and again, each life one occurrence longer than the one before, until one ends by itself. How many were killed.
  int run_victims(const std::string& point, const std::string& refused) {
    int life = 1;
    while (run_victim(point, life, refused) && life < 60) ++life;
    return life - 1;
  }

  std::vector<Line> published() {
    std::vector<Line> lines;
    std::ifstream in{file_};
    Line line;
    while (in >> line.position >> line.key >> line.number) lines.push_back(line);
    return lines;
  }

  std::string file_;
};

class RelayCrashAt : public RelayCrash, public ::testing::WithParamInterface<const char*> {};

TEST_P(RelayCrashAt, LosesNothingAndKeepsTheOrder) {
  enqueue_numbers(0, 140, 3);
  int crashes = 0;
  // Each life gets one occurrence further than the one before.
  for (int life = 1; run_victim(GetParam(), life); ++life) {
    ++crashes;
    enqueue_numbers(120 + 20 * life, 20, 3);
    ASSERT_LT(life, 30);
  }
  const auto lines = published();
  EXPECT_GE(crashes, 5);
  EXPECT_EQ(check(lines, 140 + 20 * crashes), "");
  RecordProperty("published", std::to_string(lines.size()));
}

// The relay halts at a message that can never be delivered; an operator gives it up; before and after it is killed again
// and again. Everything else is published, in order.
TEST_P(RelayCrashAt, PassesOverOneMessageAndNoOther) {
  constexpr int given_up = 64;
  enqueue_numbers(0, 140, 3);
  EXPECT_GE(run_victims(GetParam(), std::to_string(given_up)), 3);
  postgres::Connection connection{database_.as("operator")};
  const auto id = scalar(fmt::format("SELECT message_id FROM annals.outbox WHERE position = {}", given_up + 1));
  outbox::skip_message(connection, log_, {.position = given_up + 1, .id = *EventId::parse(id), .reason = "test"});
  EXPECT_GE(run_victims(GetParam(), std::to_string(given_up)), 3);
  auto lines = published();
  for (const auto& line : lines) EXPECT_NE(line.number, given_up);
  lines.push_back({given_up + 1, "nobody", given_up});  // the one that is missing by decision
  EXPECT_EQ(check(lines, 140), "");
}

INSTANTIATE_TEST_SUITE_P(Points, RelayCrashAt,
                         ::testing::Values("read", "sent", "delivered", "checkpoint", "checkpointed"),
                         [](const auto& point) { return std::string{point.param}; });

TEST(RelayCrashCheck, RejectsLossAndDisorder) {
  EXPECT_EQ(check({{1, "a", 0}, {2, "a", 1}, {1, "a", 0}, {2, "a", 1}}, 2), "") << "repetitions are allowed";
  EXPECT_NE(check({{1, "a", 0}}, 2), "");
  EXPECT_NE(check({{2, "a", 1}, {1, "a", 0}}, 2), "");
  EXPECT_EQ(check({{2, "b", 1}, {1, "a", 0}}, 2), "") << "no order across keys";
}

}  // namespace
}  // namespace annals::tests
