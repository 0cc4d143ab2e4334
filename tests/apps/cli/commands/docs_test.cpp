// docs/cli.md is run, not believed: its ```sh blocks are one script.
#include "cli_test.hpp"

namespace annals::tests {
namespace {

std::string script_of(const std::string& markdown) {
  std::string script;
  bool inside = false;
  for (const auto& line : lines_of(markdown)) {
    if (line.starts_with("```")) {
      inside = line == "```sh";
    } else if (inside) {
      script += line + "\n";
    }
  }
  return script;
}

class CliDocument : public CliTest {
 protected:
  CliDocument() : CliTest(TempDatabase::Schema::none) {}
};

TEST_F(CliDocument, CommandsWorkAsWritten) {
  const auto script = script_of(read_file(ANNALS_CLI_DOC));
  ASSERT_THAT(script, testing::HasSubstr("annals schema apply"));
  EXPECT_EQ(shell(script), 0) << read_file(directory_.path("log"));
}

TEST_F(CliDocument, HasTheExitCodesOfTheProgram) {
  const auto document = read_file(ANNALS_CLI_DOC);
  const auto help = run({"--help"}).out;
  const auto table = help.substr(help.find("Exit codes:\n") + 12);
  ASSERT_FALSE(table.empty());
  EXPECT_THAT(document, testing::HasSubstr(table.substr(0, table.rfind('\n'))));
}

}  // namespace
}  // namespace annals::tests
