#include <csignal>

#include "cli_test.hpp"

namespace annals::tests {
namespace {

using testing::HasSubstr;

class TailCommand : public CliTest {
 protected:
  void append(const std::string& stream) const { (void)output({"stream", "append", stream, "--type", "T"}); }
};

TEST_F(TailCommand, ShowsTheEndOfTheLog) {
  for (const auto* stream : {"a-1", "b-1", "a-2"}) append(stream);
  EXPECT_EQ(lines_of(output({"-o", "jsonl", "all", "tail"})).size(), 3U);
  EXPECT_EQ(lines_of(output({"-o", "jsonl", "all", "tail", "--limit", "1"})).size(), 1U);
  const auto some = output({"-o", "jsonl", "all", "tail", "--after", "1", "--category", "a"});
  EXPECT_EQ(lines_of(some).size(), 1U);
  EXPECT_THAT(some, HasSubstr(R"("stream":"a-2")"));
}

TEST_F(TailCommand, ShowsSoManyAfterAPositionAndEnds) {
  for (const auto* stream : {"a-1", "b-1", "a-2", "a-3"}) append(stream);
  const auto two = lines_of(output({"-o", "jsonl", "all", "tail", "--after", "1", "--limit", "2"}));
  ASSERT_EQ(two.size(), 2U);
  EXPECT_THAT(two.back(), HasSubstr(R"("stream":"a-2")"));
  const auto of_category =
      lines_of(output({"-o", "jsonl", "all", "tail", "--after", "0", "--limit", "2", "--category", "a", "--follow"}));
  ASSERT_EQ(of_category.size(), 2U) << "those that are shown count";
  EXPECT_THAT(of_category.back(), HasSubstr(R"("stream":"a-2")"));
}

TEST_F(TailCommand, FollowsUntilItIsToldToStop) {
  for (const int number : {SIGINT, SIGTERM}) {
    Program tail{with_database({"-o", "jsonl", "all", "tail", "--after", "0", "--follow"})};
    append("first-" + std::to_string(number));
    while (tail.read_line().find("first-" + std::to_string(number)) == std::string::npos) {
    }
    append("more-" + std::to_string(number));
    EXPECT_THAT(tail.read_line(), HasSubstr("more-" + std::to_string(number)));
    tail.signal(number);
    const auto finished = tail.finish();
    EXPECT_EQ(finished.code, 0) << finished.err;
    EXPECT_EQ(finished.err, "");
  }
}

TEST_F(TailCommand, EndsWhenItsReaderHasGone) {
  append("a");
  Program tail{with_database({"-o", "jsonl", "all", "tail", "--follow"})};
  (void)tail.read_line();
  tail.close_output();
  const auto finished = tail.finish();
  EXPECT_EQ(finished.code, 0) << finished.err;
  EXPECT_EQ(finished.err, "");
}

TEST_F(TailCommand, WaitsForAnOpenTransactionAndSkipsNothing) {
  append("a");
  auto writer = connect();
  writer.execute("BEGIN");
  writer.execute(
      "INSERT INTO annals.streams (name, version) VALUES ('slow', 1); "
      "INSERT INTO annals.events (stream_id, version, event_id, content_type, type, data) "
      "SELECT stream_id, 1, gen_random_uuid(), 1, 'T', '1' FROM annals.streams WHERE name = 'slow'");
  append("b");
  Program tail{with_database({"-o", "jsonl", "all", "tail", "--after", "0", "--follow"})};
  EXPECT_THAT(tail.read_line(), HasSubstr(R"("stream":"a")"));
  writer.execute("COMMIT");
  EXPECT_THAT(tail.read_line(), HasSubstr(R"("stream":"slow")"));
  EXPECT_THAT(tail.read_line(), HasSubstr(R"("stream":"b")"));
  tail.signal(SIGTERM);
  EXPECT_EQ(tail.finish().code, 0);
}

}  // namespace
}  // namespace annals::tests
