// docs/cli.md is run, not believed: its ```sh blocks are one script.
#include <sys/wait.h>

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
  std::string directory = ANNALS_PROGRAM;
  directory.resize(directory.rfind('/'));
  write_file(directory_.path("script"), "set -e\nexport PATH=\"" + directory + ":$PATH\"\nexport ANNALS_DATABASE='" +
                                            database_.uri("service") + "'\ncd \"$(dirname \"$0\")\"\n" + script);
  const auto command = "sh " + directory_.path("script") + " >" + directory_.path("log") + " 2>&1";
  const int status = std::system(command.c_str());
  EXPECT_EQ(WEXITSTATUS(status), 0) << read_file(directory_.path("log"));
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
