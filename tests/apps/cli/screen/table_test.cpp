#include "cli/screen/table.hpp"

#include <gtest/gtest.h>

namespace annals::cli {
namespace {

TEST(Table, AlignsColumnsAndKeepsAllTextInAPipe) {
  Table table{{{"NAME"}, {"N", Align::right}, {"DATA"}}, std::nullopt, host::Style::plain()};
  table.add({"a", "1", std::string(300, 'x')});
  table.add({"注文", "10", "y"});
  EXPECT_EQ(table.render(), "NAME   N  DATA\na      1  " + std::string(300, 'x') + "\n注文  10  y\n");
}

TEST(Table, CutsTheWidestColumnsToTheTerminal) {
  Table table{{{"NAME"}, {"DATA"}}, 40, host::Style::plain()};
  table.add({"short", std::string(300, 'x')});
  const auto text = table.render();
  EXPECT_EQ(text, "NAME   DATA\nshort  " + std::string(32, 'x') + "…\n");
}

TEST(Table, LeavesOutWhatANarrowWindowHasNoRoomFor) {
  Table table{{{"FIRST"}, {"SECOND"}, {"THIRD"}}, 20, host::Style::plain()};
  table.add({"aaaaaaaaaaaa", "bbbbbbbbbbbb", "c"});
  EXPECT_EQ(table.render(), "FIRST         SECON…\naaaaaaaaaaaa  bbbbb…\n");
}

TEST(Table, ShowsTitlesOnceWhenRowsComeInBatches) {
  Table table{{{"A"}}, std::nullopt, host::Style::plain()};
  EXPECT_EQ(table.render(), "");
  table.add({"1"});
  EXPECT_EQ(table.render(), "A\n1\n");
  table.add({"2"});
  EXPECT_EQ(table.render(), "2\n");
}

}  // namespace
}  // namespace annals::cli
