#include <sys/stat.h>
#include <unistd.h>

#include <csignal>

#include "cli_test.hpp"

namespace annals::tests {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class ExportCommand : public CliTest {
 protected:
  void fill(int events) const {
    std::string lines;
    for (int i = 0; i < events; ++i) {
      lines += R"({"stream":")" + std::string(i % 2 ? "a" : "b") + R"(-1","type":"T","data":{"n": )" +
               std::to_string(i) + "}}\n";
    }
    (void)output({"events", "import", "-"}, lines);
  }
};

TEST_F(ExportCommand, WritesTheWholeLogOrAPartOfIt) {
  fill(10);
  EXPECT_EQ(lines_of(output({"events", "export"})).size(), 10U);
  EXPECT_THAT(lines_of(output({"events", "export"})).front(),
              HasSubstr(R"({"position":1,"stream":"b-1","version":1,"id":")"));
  EXPECT_EQ(lines_of(output({"events", "export", "--after", "7"})).size(), 3U);
  EXPECT_EQ(lines_of(output({"events", "export", "--category", "a"})).size(), 5U);
  EXPECT_EQ(lines_of(output({"events", "export", "--stream", "a-1", "--after", "4"})).size(), 3U);
  EXPECT_EQ(output({"events", "export", "--category", "none"}), "");
  EXPECT_EQ(annals({"events", "export", "--stream", "none"}).code, 6);
}

TEST_F(ExportCommand, MakesTheFileAppearWhenItIsComplete) {
  fill(10);
  (void)output({"events", "export", "--output", directory_.path("x.jsonl")});
  (void)output({"events", "export", "--output", directory_.path("x.jsonl.gz")});
  EXPECT_THAT(directory_.names(), ElementsAre("x.jsonl", "x.jsonl.gz"));
  EXPECT_EQ(lines_of(read_file(directory_.path("x.jsonl"))).size(), 10U);
  EXPECT_THAT(read_file(directory_.path("x.jsonl.gz")), testing::StartsWith("\x1f\x8b"));
  EXPECT_THAT(output({"events", "import", directory_.path("x.jsonl.gz")}), HasSubstr("(10 already present)"));
}

TEST_F(ExportCommand, SaysWhatItDidToPrograms) {
  fill(10);
  const auto path = directory_.path("x.jsonl");
  EXPECT_THAT(output({"-o", "json", "events", "export", "--output", path}),
              testing::StartsWith(R"({"exported":10,"duration_ms":)"));
  EXPECT_THAT(
      output({"-o", "json", "events", "import", path}),
      testing::StartsWith(R"({"imported":0,"already_present":10,"streams_created":0,"dry_run":false,"duration_ms":)"));
}

TEST_F(ExportCommand, KeepsTheOldFileWhenItFails) {
  write_file(directory_.path("x.jsonl"), "old");
  EXPECT_EQ(annals({"--schema", "missing", "events", "export", "--output", directory_.path("x.jsonl")}).code, 3);
  EXPECT_EQ(annals({"events", "export", "--stream", "none", "--output", directory_.path("x.jsonl")}).code, 6);
  EXPECT_EQ(read_file(directory_.path("x.jsonl")), "old");
  EXPECT_THAT(directory_.names(), ElementsAre("x.jsonl"));
  const auto nowhere = annals({"events", "export", "--output", directory_.path("no/x.jsonl")});
  EXPECT_EQ(nowhere.code, 1);
  EXPECT_THAT(nowhere.err, HasSubstr("No such file or directory"));
}

mode_t mode_of(const std::string& path) {
  struct stat status {};
  return ::lstat(path.c_str(), &status) == 0 ? status.st_mode & 07777U : 0;
}

TEST_F(ExportCommand, MakesAFileThatOnlyItsOwnerReadsAndKeepsTheModeOfAnOldOne) {
  fill(3);
  const auto path = directory_.path("x.jsonl");
  (void)output({"events", "export", "--output", path});
  EXPECT_EQ(mode_of(path), 0600U);
  for (const mode_t mode : {0640U, 0400U, 0644U}) {
    ASSERT_EQ(::chmod(path.c_str(), mode), 0);
    (void)output({"events", "export", "--output", path});
    EXPECT_EQ(mode_of(path), mode);
  }
}

TEST_F(ExportCommand, TouchesNothingThroughALink) {
  fill(3);
  const auto target = directory_.path("target");
  const auto link = directory_.path("link");
  write_file(target, "precious, and longer than anything");
  for (const auto& points_to : {target, directory_.path("nowhere")}) {
    ASSERT_EQ(::symlink(points_to.c_str(), link.c_str()), 0);
    const auto finished = annals({"events", "export", "--output", link});
    EXPECT_EQ(finished.code, 2) << finished.err;
    EXPECT_THAT(finished.err, HasSubstr("is a link"));
    ASSERT_EQ(::unlink(link.c_str()), 0);
  }
  EXPECT_EQ(read_file(target), "precious, and longer than anything");
  EXPECT_THAT(directory_.names(), ElementsAre("target"));
}

TEST_F(ExportCommand, WritesToDevicesDirectly) {
  fill(3);
  EXPECT_EQ(annals({"events", "export", "--output", "/dev/null"}).code, 0);
  EXPECT_EQ(annals({"events", "export", "--output", "/dev/full"}).code, 1);
  EXPECT_EQ(lines_of(output({"events", "export", "--output", "/dev/stdout"})).size(), 3U) << "a pipe, by a link";
}

TEST_F(ExportCommand, EndsQuietlyWhenItsReaderHasGone) {
  fill(20'000);
  Program program{with_database({"events", "export"})};
  (void)program.read_line();
  program.close_output();
  const auto finished = program.finish();
  EXPECT_EQ(finished.code, 0);
  EXPECT_EQ(finished.err, "");
}

}  // namespace
}  // namespace annals::tests
