#include <fmt/format.h>

#include "cli_test.hpp"

namespace annals::tests {
namespace {

using testing::HasSubstr;

class StreamCommand : public CliTest {
 protected:
  Finished append(const Arguments& more, const std::string& input = {}) const {
    Arguments arguments{"-o", "json", "stream", "append"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return annals(arguments, input);
  }
};

TEST_F(StreamCommand, AppendsAndShows) {
  const auto appended = append({"order-1", "--type", "Placed", "--data", R"({ "total": 9.90 })", "--expected",
                                "no-stream", "--metadata", "correlation_id=c", "--metadata", "user=a=b"});
  EXPECT_EQ(appended.code, 0) << appended.err;
  EXPECT_THAT(appended.out, HasSubstr(R"({"stream":"order-1","version":1,"position":1,"id":")"));
  const auto shown = output({"-o", "jsonl", "stream", "show", "order-1"});
  EXPECT_THAT(
      shown,
      HasSubstr(R"("type":"Placed","data":{"total":9.90},"metadata":{"correlation_id":"c","user":"a=b"},"time":)"));
  EXPECT_THAT(output({"stream", "show", "order-1"}), HasSubstr(R"(Placed  {"total":9.90})"));
}

TEST_F(StreamCommand, TakesDataFromAFileAndFromStandardInput) {
  write_file(directory_.path("data.json"), "[1,\n 2]");
  EXPECT_EQ(append({"a", "--type", "T", "--data", "@" + directory_.path("data.json")}).code, 0);
  EXPECT_EQ(append({"a", "--type", "T", "--data", "-", "--content-type", "application/octet-stream"},
                   std::string{"\0\xFF", 2})
                .code,
            0);
  const auto shown = output({"-o", "jsonl", "stream", "show", "a"});
  EXPECT_THAT(shown, HasSubstr(R"("data":[1,2])"));
  EXPECT_THAT(shown, HasSubstr(R"("data_base64":"AP8=","content_type":"application/octet-stream")"));
  EXPECT_THAT(output({"stream", "show", "a"}), HasSubstr("application/octet-stream AP8="));
}

TEST_F(StreamCommand, ReportsAConflictWithBothVersions) {
  EXPECT_EQ(append({"a", "--type", "T"}).code, 0);
  for (const auto* expected : {"no-stream", "0", "7"}) {
    const auto finished = append({"a", "--type", "T", "--expected", expected});
    EXPECT_EQ(finished.code, 4);
    EXPECT_THAT(finished.err, HasSubstr("is at version 1, expected was"));
    EXPECT_THAT(finished.err, HasSubstr("look at it (`annals stream show a`), then repeat with --expected 1"));
  }
  const auto nowhere = append({"new", "--type", "T", "--expected", "exists"});
  EXPECT_EQ(nowhere.code, 4);
  EXPECT_THAT(nowhere.err, HasSubstr("with --expected no-stream it is made"));
  EXPECT_EQ(append({"a", "--type", "T", "--expected", "1"}).code, 0);
  EXPECT_EQ(append({"a", "--type", "T", "--expected", "exists"}).code, 0);
  EXPECT_EQ(event_count(), 3);
}

TEST_F(StreamCommand, RepeatsHarmlesslyWithAnId) {
  const Arguments once{"a", "--type", "T", "--id", "01890a5d-ac96-774b-bcce-b302099a8057", "--expected", "0"};
  EXPECT_THAT(append(once).out, HasSubstr(R"("already_present":false)"));
  EXPECT_THAT(append(once).out, HasSubstr(R"("already_present":true)"));
  EXPECT_EQ(event_count(), 1);
}

TEST_F(StreamCommand, ShowsPagesInBothDirections) {
  std::string lines;
  for (int i = 1; i <= 25; ++i) lines += R"({"stream":"s","type":"T","data":)" + std::to_string(i) + "}\n";
  (void)output({"events", "import", "-"}, lines);
  const auto page = annals({"-o", "jsonl", "stream", "show", "s", "--from", "11", "--limit", "10"});
  EXPECT_EQ(lines_of(page.out).size(), 10U);
  EXPECT_THAT(page.err, HasSubstr("--from 21"));
  const auto back = annals({"-o", "jsonl", "stream", "show", "s", "--backward", "--limit", "5"});
  EXPECT_THAT(lines_of(back.out).front(), HasSubstr(R"("version":25,)"));
  EXPECT_THAT(lines_of(back.out).back(), HasSubstr(R"("version":21,)"));
  EXPECT_THAT(back.err, HasSubstr("--backward --from 20"));
  EXPECT_EQ(annals({"-o", "json", "stream", "show", "s", "--from", "26"}).out, "[]\n");
}

TEST_F(StreamCommand, SaysWhenThereIsNoSuchStream) {
  const auto finished = annals({"stream", "show", "nobody"});
  EXPECT_EQ(finished.code, 6);
  EXPECT_THAT(finished.err, HasSubstr("there is no stream \"nobody\"\nhint: "));
  const auto exported = annals({"events", "export", "--stream", "nobody\x1b[2J"});
  EXPECT_EQ(exported.code, 6);
  EXPECT_EQ(exported.err,
            "annals: there is no stream \"nobody\\x1b[2J\"\nhint: `annals stream list --prefix …` shows the streams "
            "there are\n");
}

/// Who may give an event a stream that it never had: the owner alone.
class StreamRepair : public CliTest {
 protected:
  StreamRepair() : CliTest(TempDatabase::Schema::applied, "owner") {}
};

TEST_F(StreamRepair, ChecksTheLogAndFollowingTheHintOfAReaderMakesItGoOn) {
  for (const auto* schema : {"annals", "other"}) {
    SCOPED_TRACE(schema);
    if (std::string{schema} == "other") (void)output({"--schema", schema, "schema", "apply"});
    (void)output({"--schema", schema, "stream", "append", "order-1", "--type", "T"});
    EXPECT_EQ(output({"--schema", schema, "-o", "jsonl", "stream", "check"}), "");
    connect().execute(
        fmt::format("INSERT INTO {}.events (stream_id, version, event_id, content_type, type, data) "
                    "VALUES (4711, 1, gen_random_uuid(), 1, 't', '1')",
                    schema));
    const auto stopped = annals({"--schema", schema, "all", "tail", "--after", "0"});
    EXPECT_EQ(stopped.code, 5);
    EXPECT_THAT(stopped.err, HasSubstr("stream_id 4711, which is no stream"));
    const auto found = annals({"--schema", schema, "-o", "jsonl", "stream", "check"});
    EXPECT_EQ(found.code, 5);
    EXPECT_THAT(found.out, HasSubstr(R"({"fault":"unknown_stream","detail":")"));

    const auto begin = stopped.err.find('`') + 1;
    const auto command = stopped.err.substr(begin, stopped.err.find('`', begin) - begin);
    ASSERT_THAT(found.out, HasSubstr(command)) << "both name one command";
    EXPECT_EQ(shell(command, "owner"), 0) << command;
    EXPECT_THAT(output({"--schema", schema, "all", "tail", "--after", "0"}), HasSubstr("annals-orphan-4711"));
    EXPECT_EQ(output({"--schema", schema, "-o", "jsonl", "stream", "check"}), "");
  }
}

TEST_F(StreamRepair, AdoptsNothingWithoutYes) {
  const auto explained = annals({"stream", "adopt"});
  EXPECT_EQ(explained.code, 2);
  EXPECT_THAT(explained.err, HasSubstr("annals stream check"));
  EXPECT_EQ(annals({"stream", "adopt", "--yes"}).code, 0);
}

TEST_F(StreamCommand, ListsByPrefixAndPage) {
  for (const auto* name : {"b-1", "a-2", "a-1", "a-3", "%", "a%"}) EXPECT_EQ(append({name, "--type", "T"}).code, 0);
  const auto page = annals({"-o", "jsonl", "stream", "list", "--prefix", "a-", "--limit", "2"});
  EXPECT_THAT(page.out, HasSubstr(R"({"stream":"a-1","version":1,"created_at":)"));
  EXPECT_THAT(page.out, testing::Not(HasSubstr("a-3")));
  EXPECT_THAT(page.err, HasSubstr("--after=a-2"));
  EXPECT_THAT(output({"stream", "list", "--prefix", "a-", "--after", "a-2"}), HasSubstr("a-3"));
  EXPECT_EQ(lines_of(output({"-o", "jsonl", "stream", "list", "--prefix", "%"})).size(), 1U);
}

TEST_F(StreamCommand, EscapesWhatATerminalWouldObey) {
  const auto red = "\xC2\x9B" + std::string{"31m"};
  EXPECT_EQ(append({"evil\x1b[31m\nname", "--type", "T\x07", "--data", "\"" + red + "\""}).code, 0);
  for (const auto& text : {output({"stream", "list"}), output({"all", "tail"})}) {
    EXPECT_THAT(text, testing::Not(HasSubstr("\x1b"))) << text;
    EXPECT_THAT(text, testing::Not(HasSubstr("\x07"))) << text;
    EXPECT_THAT(text, testing::Not(HasSubstr("\xC2\x9B"))) << text;
    EXPECT_THAT(text, HasSubstr(R"(evil\x1b[31m\nname)"));
  }
  for (const auto* format : {"json", "jsonl"}) {
    EXPECT_THAT(output({"-o", format, "all", "tail"}), HasSubstr(R"("data":"\u009b31m")")) << format;
  }
}

}  // namespace
}  // namespace annals::tests
