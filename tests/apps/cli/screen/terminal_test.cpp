// What a person sees: every test runs the program in a pseudo-terminal.
#include "terminal.hpp"

#include <chrono>
#include <thread>

#include "annals/core/clock.hpp"
#include "annals/eventstore/event_store.hpp"
#include "annals/projections/runner.hpp"
#include "cli/screen/display_width.hpp"
#include "cli_test.hpp"

namespace annals::tests {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

/// The lines as they stood on the screen: each as far as it was before it was wiped or ended, without escape sequences.
std::vector<std::string> shown_lines(const std::string& screen) {
  std::vector<std::string> lines{""};
  for (std::size_t at = 0; at < screen.size(); ++at) {
    if (screen[at] == '\n' || screen[at] == '\r') {
      lines.emplace_back();
    } else if (screen[at] == '\x1b') {
      at = screen.find_first_of("mK", at);
      if (at == std::string::npos) break;
    } else {
      lines.back() += screen[at];
    }
  }
  return lines;
}

std::size_t widest(const std::string& screen) {
  std::size_t width = 0;
  for (const auto& line : shown_lines(screen)) width = std::max(width, cli::display_width(line));
  return width;
}

class TerminalOutput : public CliTest {
 protected:
  [[nodiscard]] Finished see(const Arguments& arguments, const Environment& environment = {},
                             unsigned short columns = 80) const {
    return run_in_terminal(with_database(arguments), environment, columns);
  }
  void append(const std::string& stream, int count, const std::string& data = "1") const {
    const eventstore::EventStore store{database_.as("writer")};
    std::vector<NewEvent> events;
    events.reserve(static_cast<std::size_t>(count));
    for (int i = 0; i < count; ++i) events.push_back({.type = "T", .data = data, .content_type = ContentType::json});
    (void)store.append(StreamName{stream}, ExpectedVersion::any(), events);
  }
  /// A file that takes a second or so to import.
  [[nodiscard]] std::string long_file() const {
    std::string lines;
    for (int i = 0; i < 60'000; ++i)
      lines += R"({"stream":"a","type":"T","data":1})"
               "\n";
    write_file(directory_.path("long.jsonl"), lines);
    return directory_.path("long.jsonl");
  }
};

TEST_F(TerminalOutput, HasColoursUnlessTheyAreUnwanted) {
  append("a", 1);
  EXPECT_THAT(see({"stream", "list"}).out, HasSubstr("\x1b[1mSTREAM"));
  EXPECT_THAT(see({"doctor"}).out, HasSubstr("\x1b[32mok"));
  EXPECT_THAT(see({"stream", "show", "b"}).out, HasSubstr("\x1b[31mannals:\x1b[0m there is no stream"));
  EXPECT_THAT(see({"stream", "list"}, {{"NO_COLOR", ""}}).out, HasSubstr("\x1b[1m")) << "empty is not set";
  for (const auto& plain : {Environment{{"NO_COLOR", "1"}}, Environment{{"TERM", "dumb"}}, Environment{{"TERM", ""}}}) {
    for (const auto& command : {Arguments{"stream", "list"}, Arguments{"doctor"}, Arguments{"stream", "show", "b"}}) {
      const auto seen = see(command, plain);
      EXPECT_THAT(seen.out, Not(HasSubstr("\x1b"))) << testing::PrintToString(command);
    }
  }
  EXPECT_THAT(output({"stream", "list"}), Not(HasSubstr("\x1b"))) << "a pipe is no terminal";
}

TEST_F(TerminalOutput, NeverWrapsARow) {
  append("a-" + std::string(100, 'x'), 1, "\"" + std::string(300, 'y') + "\"");
  append("注文✅-" + std::string(60, 'z'), 1, "\"注文注文注文注文注文注文注文注文\"");
  for (const std::uint16_t columns : std::initializer_list<std::uint16_t>{120, 80, 40, 24, 10, 1}) {
    for (const auto& command : {Arguments{"stream", "list"}, Arguments{"all", "tail"}}) {
      const auto seen = see(command, {}, columns);
      EXPECT_EQ(seen.code, 0) << seen.out;
      EXPECT_LE(widest(seen.out), columns) << seen.out;
    }
  }
  EXPECT_THAT(output({"all", "tail"}), HasSubstr(std::string(300, 'y'))) << "nothing is cut in a pipe";
}

TEST_F(TerminalOutput, IsNotMovedByWhatWasStored) {
  const std::string right_to_left = "\xe2\x80\xae";  // NOLINT(misc-misleading-bidirectional): it is what is stored
  const std::string hostile =
      "x\x1b[2J\x1b]0;t\x07\x9b"
      "31m\r\xc2\x9b"
      "31m";
  append("a-" + hostile.substr(0, 11) +
             "\xc2\x9b"
             "31m",
         1,
         "\"\xc2\x9b"
         "31m" +
             right_to_left + "\x7f\"");
  connect().execute("UPDATE annals.relay_checkpoints SET position = 0");
  for (const auto& command :
       {Arguments{"stream", "list"}, Arguments{"all", "tail"}, Arguments{"-o", "json", "all", "tail"},
        Arguments{"events", "export"}, Arguments{"stream", "show", hostile.substr(0, 6)}, Arguments{hostile}}) {
    const auto seen = see(command, {{"NO_COLOR", "1"}}).out;
    for (const auto& control :
         {std::string{"\x1b"}, std::string{"\x07"}, std::string{"\xc2\x9b"}, right_to_left, std::string{"\x7f"}}) {
      EXPECT_THAT(seen, Not(HasSubstr(control))) << testing::PrintToString(command);
    }
  }
}

TEST_F(TerminalOutput, ShowsHowFarAnImportAndAnExportAre) {
  const auto file = long_file();
  const auto import = see({"events", "import", file});
  EXPECT_EQ(import.code, 0) << import.out;
  EXPECT_THAT(import.out,
              testing::ContainsRegex("\r\x1b\\[Kimporting [0-9,]+ events, [0-9,]+/s, [0-9]+ %, [0-9.]+ s left"));
  EXPECT_THAT(import.out, testing::ContainsRegex("\r\x1b\\[Kimported 60000 events")) << "the line is wiped";
  const auto exported = see({"events", "export", "--output", directory_.path("e.jsonl")}, {}, 30);
  EXPECT_THAT(exported.out, testing::ContainsRegex("\r\x1b\\[Kexporting [0-9]+ %, [0-9.]+ s left"));
  EXPECT_LE(widest(exported.out.substr(0, exported.out.rfind("\r\x1b[K"))), 29U) << exported.out;
  connect().execute(
      "INSERT INTO annals.streams (name, version) VALUES ('long', 600000);"
      "INSERT INTO annals.events (stream_id, version, event_id, content_type, type, data)"
      " SELECT s.stream_id, g, gen_random_uuid(), 2, 't', '1'"
      "   FROM annals.streams s, generate_series(1, 600000) g WHERE s.name = 'long'");
  EXPECT_THAT(see({"events", "export", "--output", directory_.path("e.jsonl"), "--category", "none"}).out,
              HasSubstr("exporting 0 events"))
      << "of a category that is not there, too";
  EXPECT_THAT(see({"events", "export", "--after", "400000"}).out, Not(HasSubstr("exporting")))
      << "data goes to the same terminal";
}

TEST_F(TerminalOutput, WritesNothingOverInADumbTerminal) {
  const auto import = see({"events", "import", long_file()}, {{"TERM", "dumb"}});
  EXPECT_EQ(import.code, 0);
  EXPECT_THAT(import.out, AllOf(Not(HasSubstr("\x1b")), HasSubstr("imported 60000 events")));
}

TEST_F(TerminalOutput, SaysItLineByLineInADumbTerminal) {
  auto blocker = connect();
  blocker.execute("BEGIN");
  blocker.execute("LOCK TABLE annals.events IN ACCESS EXCLUSIVE MODE");
  Terminal check{with_database({"stream", "check"}), {{"TERM", "dumb"}}};
  check.wait_for("checking the last 10,000 events, ");
  blocker.execute("COMMIT");
  const auto seen = check.finish();
  EXPECT_EQ(seen.code, 0);
  EXPECT_THAT(seen.out, AllOf(Not(HasSubstr("\x1b")),
                              testing::ContainsRegex("checking the last 10,000 events, [0-9.]+ s\r?\nthe last 10000")));
}

TEST_F(TerminalOutput, SaysForHowLongTheServerHasBeenAtIt) {
  auto blocker = connect();
  blocker.execute("BEGIN");
  blocker.execute("LOCK TABLE annals.events IN ACCESS EXCLUSIVE MODE");
  Terminal check{with_database({"stream", "check"})};
  check.wait_for("checking the last 10,000 events, 1.");
  blocker.execute("COMMIT");
  const auto seen = check.finish();
  EXPECT_EQ(seen.code, 0);
  EXPECT_THAT(seen.out, HasSubstr("\r\x1b[Kthe last 10000 events and their streams are as appends leave them"));
}

/// A read model that takes its time, with its runner in a thread, and what an operator types beside it.
class TerminalProjection : public TerminalOutput {
 protected:
  TerminalProjection() {
    append("a", 200);
    projection_.on_any([](const RecordedEvent&, pqxx::transaction_base&) {
      std::this_thread::sleep_for(std::chrono::milliseconds{5});  // work
    });
    projection_.reset([](pqxx::transaction_base&) {});
  }
  void run(const std::stop_token& stop) {
    SystemClock clock;
    projections::Runner runner{database_.database(), projection_, types_, clock, {.batch_events_max = 10}};
    while (!stop.stop_requested()) runner.step(std::chrono::milliseconds{20});
  }
  TypeRegistry types_;
  projections::Projection projection_{"slow"};
};

TEST_F(TerminalProjection, ShowsHowFarARebuildIs) {
  const std::jthread running{[this](const std::stop_token& stop) { run(stop); }};
  while (number("SELECT count(*) FROM annals.projections WHERE position >= 200") == 0) {
  }
  const auto seen =
      run_in_terminal({"-d", uri("operator"), "-o", "json", "projection", "reset", "slow", "--yes", "--wait"});
  EXPECT_EQ(seen.code, 0) << seen.out;
  EXPECT_THAT(seen.out, testing::ContainsRegex("slow has applied [0-9,]+ events, [0-9,]+/s, [0-9]+ %, [0-9.]+ s left"));
  EXPECT_THAT(seen.out, HasSubstr(R"({"projection":"slow","version":1,"position":200,"lag":0,"duration_ms":)"));
  const auto there = see({"projection", "wait", "slow"});
  EXPECT_EQ(there.code, 0);
  EXPECT_THAT(there.out, HasSubstr("position     200"));
}

TEST_F(TerminalProjection, IsInterruptedByControlC) {
  connect().execute(
      "INSERT INTO annals.projections (name, version, position, event_id, system_identifier) "
      "SELECT 'slow', 1, 1, event_id, (SELECT system_identifier::text FROM pg_control_system()) "
      "FROM annals.events WHERE position = 1");
  Terminal wait{with_database({"projection", "wait", "slow"})};
  wait.wait_for("slow has applied 0 events");
  wait.press("\x03");
  const auto seen = wait.finish();
  EXPECT_EQ(seen.code, 130) << seen.out;
  EXPECT_THAT(seen.out, testing::ContainsRegex("\r\x1b\\[K.*annals:.*interrupted"));
  // What was asked for is not asked for again by whoever does as the hint says.
  Terminal reset{with_database({"projection", "reset", "slow", "--yes", "--wait"})};
  reset.wait_for("replays from zero");
  reset.press("\x03");
  const auto asked = reset.finish();
  EXPECT_EQ(asked.code, 130) << asked.out;
  EXPECT_THAT(asked.out,
              AllOf(HasSubstr("goes on without this"), HasSubstr("`annals projection wait slow` waits for it"),
                    Not(HasSubstr("nothing was changed"))));
}

}  // namespace
}  // namespace annals::tests
