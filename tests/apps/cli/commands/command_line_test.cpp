#include <nlohmann/json.hpp>

#include "cli_test.hpp"

namespace annals::tests {
namespace {

using testing::HasSubstr;

TEST(CommandLine, ExplainsItselfByExampleEverywhere) {
  const Arguments commands[] = {{"schema", "apply"},
                                {"schema", "validate"},
                                {"schema", "print-sql"},
                                {"schema", "roles", "apply"},
                                {"schema", "roles", "print-sql"},
                                {"stream", "show"},
                                {"stream", "append"},
                                {"stream", "list"},
                                {"all", "tail"},
                                {"events", "import"},
                                {"events", "export"},
                                {"outbox", "status"},
                                {"relay", "status"},
                                {"relay", "adopt"},
                                {"projection", "list"},
                                {"relay", "skip"},
                                {"projection", "reset"},
                                {"projection", "adopt"},
                                {"projection", "wait"},
                                {"stream", "check"},
                                {"stream", "adopt"},
                                {"doctor"}};
  for (auto command : commands) {
    auto example = std::string{"annals"};
    for (const auto& word : command) example += " " + word;
    command.push_back("--help");
    const auto finished = run(command);
    EXPECT_EQ(finished.code, 0) << example;
    EXPECT_THAT(finished.out, testing::ContainsRegex("  annals .*" + command.front())) << finished.out;
    EXPECT_EQ(finished.err, "");
  }
}

TEST(CommandLine, ShowsVersionAndExitCodes) {
  EXPECT_THAT(run({"--version"}).out, testing::StartsWith("annals "));
  EXPECT_THAT(run({"--help"}).out, HasSubstr("    4  the stream is not at the expected version"));
}

TEST(CommandLine, RefusesBadUsageWithExitCode2) {
  const Arguments bad[] = {{},
                           {"nonsense"},
                           {"stream"},
                           {"stream", "show"},
                           {"stream", "show", "a", "--from", "x"},
                           {"stream", "show", "a", "--from", "0"},
                           {"stream", "show", "a", "--limit", "0"},
                           {"stream", "append", "a"},
                           {"stream", "append", "a", "--type", "T", "--expected", "-1"},
                           {"stream", "append", "a", "--type", "T", "--data", "{bad"},
                           {"stream", "append", "a", "--type", "T", "--data", "@/does/not/exist"},
                           {"stream", "append", "a", "--type", "T", "--id", "x"},
                           {"stream", "append", "a", "--type", "T", "--metadata", "x"},
                           {"stream", "append", "a", "--type", "T", "--content-type", "text/plain"},
                           {"stream", "append", "", "--type", "T"},
                           {"all", "tail", "--after", "-1"},
                           {"events", "import"},
                           {"events", "export", "--stream", "a", "--category", "b"},
                           {"schema", "print-sql", "--writer", "w"},
                           {"schema", "roles", "print-sql", "--writer", "w; DROP"},
                           {"relay", "adopt"},
                           {"relay", "adopt", "relay", "--log", "x", "--yes"},
                           {"-o", "xml", "doctor"},
                           {"--schema", "Bad-Name", "schema", "print-sql"},
                           {"doctor", "--nonsense"}};
  for (const auto& arguments : bad) {
    const auto finished = run(arguments);
    EXPECT_EQ(finished.code, 2) << testing::PrintToString(arguments) << finished.err;
    EXPECT_THAT(finished.err, testing::StartsWith("annals: ")) << testing::PrintToString(arguments);
    EXPECT_THAT(finished.err, HasSubstr("\nhint: ")) << testing::PrintToString(arguments);
    EXPECT_EQ(finished.out, "");
  }
}

TEST(CommandLine, SaysThatTheDatabaseIsAwayWithoutItsSecrets) {
  const auto finished =
      run({"--database", "postgresql://u:hunter2secret@127.0.0.1:1/db?connect_timeout=2", "stream", "list"});
  EXPECT_EQ(finished.code, 3);
  EXPECT_THAT(finished.err, HasSubstr("port=1"));
  EXPECT_THAT(finished.err, testing::Not(HasSubstr("hunter2secret")));
}

TEST(CommandLine, NeverRepeatsAConnectionStringItDoesNotUnderstand) {
  const auto finished = run({"--database", "host=x passwort=hunter2secret", "stream", "list"});
  EXPECT_EQ(finished.code, 2) << finished.err;
  EXPECT_THAT(finished.err, testing::Not(HasSubstr("hunter2secret")));
}

class CommandLineDatabase : public CliTest {};

TEST_F(CommandLineDatabase, IsNamedByTheEnvironmentOrTheOption) {
  EXPECT_EQ(run({"stream", "list"}, {}, {{"ANNALS_DATABASE", database_.uri("doctor")}}).code, 0);
  // The option wins.
  EXPECT_EQ(run(with_database({"stream", "list"}), {}, {{"ANNALS_DATABASE", "host=127.0.0.1 port=1"}}).code, 0);
  // A global option may stand behind the command.
  EXPECT_EQ(run({"stream", "list", "--database", database_.uri("doctor"), "-o", "json"}).out, "[]\n");
}

TEST_F(CommandLineDatabase, EscapesWhatTheServerSays) {
  const auto finished = run({"-d", database_.uri("doctor") + "&dbname=x%1B%5B2J%C2%9B31m", "stream", "list"});
  EXPECT_EQ(finished.code, 3) << finished.err;
  EXPECT_THAT(finished.err, HasSubstr("\\x1b[2J\\u009b31m\" does not exist"));
  EXPECT_THAT(finished.err, testing::AllOf(testing::Not(HasSubstr("\x1b")), testing::Not(HasSubstr("\xC2\x9B"))));
}

TEST_F(CommandLineDatabase, WantsItsSchemaApplied) {
  const auto finished = run(with_database({"stream", "list"}), {}, {{"ANNALS_SCHEMA", "elsewhere"}});
  EXPECT_EQ(finished.code, 3);
  EXPECT_THAT(finished.err, HasSubstr("annals schema apply"));
}

TEST(CommandLine, ShowsTheOptionsOfEveryCommandInTheHelpOfEach) {
  for (const auto& command :
       {Arguments{"doctor"}, Arguments{"stream"}, Arguments{"stream", "show"}, Arguments{"schema", "roles", "apply"}}) {
    auto arguments = command;
    arguments.emplace_back("--help");
    EXPECT_THAT(run(arguments).out, testing::AllOf(HasSubstr("Options of every command:"), HasSubstr("-d,--database"),
                                                   HasSubstr("--schema"), HasSubstr("-o,--format")))
        << testing::PrintToString(command);
  }
  EXPECT_THAT(run({"--help"}).out, testing::Not(HasSubstr("Options of every command:")));
}

TEST(CommandLine, SaysWhichOptionWasMeant) {
  const auto hint = [](const Arguments& arguments) { return run(arguments).err; };
  EXPECT_THAT(hint({"stream", "show", "a", "--limt", "5"}),
              HasSubstr("hint: did you mean --limit? annals stream show"));
  EXPECT_THAT(hint({"stream", "append", "a", "--tpye", "T"}), HasSubstr("did you mean --type?"))
      << "one that is required";
  EXPECT_THAT(hint({"stream", "append", "a", "--typ", "T"}),
              testing::AllOf(testing::StartsWith("annals: "), HasSubstr("not expected: --typ\n"),
                             testing::Not(HasSubstr("--type is required"))));
  EXPECT_THAT(hint({"doctor", "--fromat=json"}), HasSubstr("did you mean --format?")) << "of every command";
  EXPECT_THAT(hint({"doctor", "--zzzzzzzzzz"}), testing::Not(HasSubstr("did you mean")));
}

TEST(CommandLine, TakesVersionForTheProgramsOnlyWhenItStandsAlone) {
  for (const auto& arguments :
       {Arguments{"projection", "wait", "p", "--version", "3"},
        Arguments{"projection", "reset", "p", "--yes", "--version"},
        Arguments{"projection", "adopt", "p", "--version=3"}, Arguments{"projection", "wait", "p", "--verson", "3"}}) {
    const auto finished = run(arguments);
    EXPECT_EQ(finished.code, 2) << testing::PrintToString(arguments);
    EXPECT_EQ(finished.out, "");
    EXPECT_THAT(finished.err, HasSubstr("hint: did you mean --projection-version? annals projection"));
  }
  for (const auto& arguments :
       {Arguments{"doctor", "--version"}, Arguments{"stream", "--version"},
        Arguments{"stream", "show", "a", "--version", "3"}, Arguments{"schema", "roles", "apply", "--verson"}}) {
    const auto finished = run(arguments);
    EXPECT_EQ(finished.code, 2) << testing::PrintToString(arguments);
    EXPECT_EQ(finished.out, "");
    EXPECT_THAT(finished.err, testing::Not(HasSubstr("did you mean"))) << "it has none";
  }
}

TEST(CommandLine, SaysWhatANumberMustBe) {
  for (const auto& arguments :
       {Arguments{"all", "tail", "--after", "-1"}, Arguments{"events", "export", "--after", "1.5"},
        Arguments{"relay", "adopt", "r", "--position", "99999999999999999999"}}) {
    EXPECT_THAT(run(arguments).err, HasSubstr(arguments.back() + " is not a whole number, at least 0\n"));
  }
  EXPECT_THAT(run({"stream", "show", "a", "--from", "0"}).err,
              HasSubstr("--from: 0 is not a whole number, at least 1\n"));
}

TEST(CommandLine, PrintsSqlAsJsonWhenAsked) {
  for (const auto& command :
       {Arguments{"schema", "print-sql"}, Arguments{"schema", "roles", "print-sql", "--writer", "w"}}) {
    auto json = command;
    json.insert(json.begin(), {"-o", "json"});
    const auto sql = nlohmann::json::parse(run(json).out).at("sql").get<std::string>();
    EXPECT_EQ(sql, run(command).out);
  }
}

TEST(CommandLine, SaysWhichCommandWasMeant) {
  EXPECT_THAT(run({"straem", "show"}).err, testing::HasSubstr("did you mean annals stream?"));
  EXPECT_THAT(run({"stream", "shwo", "a"}).err, HasSubstr("annals: there is no command \"annals stream shwo\"\n"));
  EXPECT_THAT(run({"stream"}).err, HasSubstr("A subcommand is required"));
  EXPECT_THAT(run({"relay", "statsu"}).err, testing::HasSubstr("did you mean annals relay status?"));
  EXPECT_THAT(run({"relay", "zzzzzzzzzz"}).err, testing::Not(testing::HasSubstr("did you mean")));
}

}  // namespace
}  // namespace annals::tests
