// The tables of docs/cli.md say what the program says. Its commands are run by tests/docs/commands_test.py.
#include <set>

#include "cli_test.hpp"

namespace annals::tests {
namespace {

class CliDocument : public CliTest {
 protected:
  CliDocument() : CliTest(TempDatabase::Schema::none) {}
};

TEST_F(CliDocument, HasTheExitCodesOfTheProgram) {
  const auto document = read_file(ANNALS_CLI_DOC);
  const auto help = run({"--help"}).out;
  const auto table = help.substr(help.find("Exit codes:\n") + 12);
  ASSERT_FALSE(table.empty());
  EXPECT_THAT(document, testing::HasSubstr(table.substr(0, table.rfind('\n'))));
}

/// The names in the first column of the table of checks.
std::set<std::string> documented_checks() {
  std::set<std::string> names;
  bool inside = false;
  for (const auto& line : lines_of(read_file(ANNALS_CLI_DOC))) {
    if (line.starts_with("## ")) inside = line == "## Doctor";
    if (!inside || !line.starts_with("| `")) continue;
    const auto column = line.substr(0, line.find('|', 1));
    for (auto at = column.find('`'); at != std::string::npos; at = column.find('`', at)) {
      const auto end = column.find('`', at + 1);
      names.insert(column.substr(at + 1, end - at - 1));
      at = end + 1;
    }
  }
  return names;
}

class CliDocumentOfChecks : public CliTest {};

TEST_F(CliDocumentOfChecks, NamesEachCheckThatTheDoctorMakesAndNoOther) {
  const std::string mark = "{\"check\":\"";
  std::set<std::string> made;
  for (const auto& line : lines_of(output({"-o", "jsonl", "doctor"}))) {
    ASSERT_TRUE(line.starts_with(mark)) << line;
    made.insert(line.substr(mark.size(), line.find('"', mark.size()) - mark.size()));
  }
  EXPECT_EQ(documented_checks(), made);
}

}  // namespace
}  // namespace annals::tests
