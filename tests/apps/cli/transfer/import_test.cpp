#include <fmt/format.h>
#include <zlib.h>

#include <csignal>
#include <set>

#include "annals/eventstore/event_store.hpp"
#include "cli_test.hpp"
#include "support/peak_memory.hpp"
#include "support/sanitizer.hpp"

namespace annals::tests {
namespace {

using testing::HasSubstr;

std::string event(const std::string& more = R"("data":1)", const std::string& stream = "s") {
  return R"({"stream":")" + stream + R"(","type":"T",)" + more + "}\n";
}

/// Lines with an id; the data of each is its number.
std::string numbered(int first, int last) {
  std::string lines;
  for (int i = first; i <= last; ++i) {
    lines += event(fmt::format(R"("data":{},"id":"01890a5d-ac96-774b-8000-{:012}")", i, i));
  }
  return lines;
}

std::int64_t number_after(const std::string& text, const std::string& words) {
  const auto at = text.find(words);
  EXPECT_NE(at, std::string::npos) << text;
  return at == std::string::npos ? -1 : std::stoll(text.substr(at + words.size()));
}

std::string gzip(const std::string& text) {
  std::string out(compressBound(text.size()) + 64, '\0');
  z_stream stream{};
  deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  auto copy = text;
  stream.next_in = reinterpret_cast<Bytef*>(copy.data());
  stream.avail_in = static_cast<uInt>(copy.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

class ImportCommand : public CliTest {
 protected:
  Finished import(const std::string& text, const Arguments& more = {}) const {
    Arguments arguments{"events", "import", "-"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return annals(arguments, text);
  }
};

TEST_F(ImportCommand, CountsWhatItDid) {
  const auto finished = import(event() + "\n  \r\n" + event("\"data\":2") + event("\"data\":3", "t"));
  EXPECT_EQ(finished.code, 0) << finished.err;
  EXPECT_THAT(finished.out,
              testing::MatchesRegex("imported 3 events, 2 new streams \\(0 already present\\) in .* s \\(.*/s\\)\n"));
  EXPECT_EQ(event_count(), 3);
}

TEST_F(ImportCommand, TellsGzipByItsBytesNotByItsName) {
  write_file(directory_.path("plain.gz"), event());
  write_file(directory_.path("packed.txt"), gzip(event()) + gzip(event()));  // two members, as `cat a.gz b.gz` makes
  EXPECT_THAT(output({"events", "import", directory_.path("plain.gz")}), HasSubstr("imported 1 events"));
  EXPECT_THAT(output({"events", "import", directory_.path("packed.txt")}), HasSubstr("imported 2 events"));
  EXPECT_THAT(import(gzip(event())).out, HasSubstr("imported 1 events"));
}

TEST_F(ImportCommand, RefusesDamagedGzip) {
  std::string many;
  for (int i = 0; i < 5000; ++i) many += event("\"data\":" + std::to_string(i * 7919));
  const auto whole = gzip(many);
  const auto cut = import(whole.substr(0, whole.size() / 2));
  EXPECT_EQ(cut.code, 2);
  EXPECT_THAT(cut.err, testing::AllOf(HasSubstr("standard input:"), testing::Not(HasSubstr("<fd:"))));
  auto flipped = whole;
  flipped[flipped.size() - 6] = static_cast<char>(flipped[flipped.size() - 6] ^ 1);  // the checksum
  EXPECT_EQ(import(flipped).code, 2);
  EXPECT_EQ(event_count(), 0);
}

TEST_F(ImportCommand, SaysThatAFolderIsNone) {
  const auto finished = annals({"events", "import", directory_.path("")});
  EXPECT_EQ(finished.code, 2);
  EXPECT_THAT(finished.err, testing::AllOf(HasSubstr("cannot open "), HasSubstr(": Is a directory\n"),
                                           testing::Not(HasSubstr("damaged"))));
}

TEST_F(ImportCommand, NamesTheLineThatItCannotTake) {
  std::string good;
  for (int i = 0; i < 25; ++i) good += event("\"data\":" + std::to_string(i), "s-" + std::to_string(i % 7));
  const struct {
    const char* what;
    std::string line;
    int code;
    const char* expected;
  } cases[] = {
      {"bad JSON", "{\"stream\":\"s\",\n", 2, "-:26: byte 15: a string is due"},
      {"not an object", "[]\n", 2, "26: byte 1: '{' is due"},
      {"missing member",
       R"({"stream":"s","data":1})"
       "\n",
       2, "26: member \"type\" is missing"},
      {"unknown member", event(R"("data":1,"extra":2)"), 2, "26: unknown member \"extra\""},
      {"NUL in the line", event("\"data\":1") + std::string{"\0\n", 2}, 2, "27: byte 1: NUL or invalid UTF-8"},
      {"NUL in a name", event("\"data\":1", "a\\u0000"), 2, "26: stream name \"a\\x00\" has NUL"},
      {"bad UTF-8", event("\"data\":\"\xFF\""), 2, "26: byte 34: NUL or invalid UTF-8"},
      {"name too long", event("\"data\":1", std::string(600, 'x')), 2, "600 bytes"},
      {"version conflict", event("\"data\":1,\"version\":99", "s-1"), 4, "26: event "},
      {"conflict in the middle",
       event("\"data\":1,\"version\":1", "v") + event("\"data\":1,\"version\":3", "v") + event(), 4, "27: event "},
  };
  for (const auto& one : cases) {
    const auto finished = import(good + one.line);
    EXPECT_EQ(finished.code, one.code) << one.what << finished.err;
    const auto expected = std::string{one.expected};
    EXPECT_THAT(finished.err, HasSubstr(expected.starts_with("-:") ? "standard input" + expected.substr(1) : expected))
        << one.what;
    EXPECT_THAT(finished.err, HasSubstr("nothing was imported")) << one.what;
    EXPECT_THAT(finished.err, HasSubstr("hint: ")) << one.what;
    EXPECT_EQ(finished.out, "");
    EXPECT_EQ(event_count(), 0) << one.what;
    EXPECT_EQ(number("SELECT count(*) FROM annals.streams"), 0) << one.what;
  }
  EXPECT_EQ(import(good).code, 0);  // the lines themselves are fine
  EXPECT_EQ(event_count(), 25);
}

TEST_F(ImportCommand, SaysUpToWhichLineAllIsImported) {
  std::string good;
  for (int i = 1; i <= 20'000; ++i) good += event("\"data\":" + std::to_string(i));
  const auto failed = import(good + "bad\n" + event());
  EXPECT_EQ(failed.code, 2);
  EXPECT_THAT(failed.err, HasSubstr("standard input:20001: "));
  const auto line = number_after(failed.err, "up to line ");
  EXPECT_GT(line, 0);
  EXPECT_EQ(event_count(), line);
  EXPECT_THAT(failed.err, HasSubstr("then go on with --after-line " + std::to_string(line)));
  const auto mended = import(good + event("\"data\":20001"), {"--after-line", std::to_string(line)});
  EXPECT_EQ(mended.code, 0) << mended.err;
  EXPECT_EQ(number("SELECT count(*) FROM annals.events WHERE version::text = convert_from(data, 'UTF8')"), 20'001);
  EXPECT_EQ(event_count(), 20'001);
  const auto beyond = import(good, {"--after-line", "20001"});
  EXPECT_EQ(beyond.code, 2);
  EXPECT_THAT(beyond.err, HasSubstr("standard input has 20000 lines, fewer than --after-line 20001"));
}

TEST_F(ImportCommand, NamesTheFile) {
  write_file(directory_.path("x.jsonl"), event() + "bad\n");
  EXPECT_THAT(annals({"events", "import", directory_.path("x.jsonl")}).err,
              HasSubstr(directory_.path("x.jsonl") + ":2: "));
  EXPECT_EQ(annals({"events", "import", directory_.path("absent")}).code, 2);
  EXPECT_NE(annals({"events", "import", directory_.path("")}).code, 0);  // a directory
}

TEST_F(ImportCommand, BoundsTheLengthOfALine) {
  Program program{with_database({"events", "import", "-"})};
  program.write(event().substr(0, 20));
  const std::string block(1U << 20U, 'x');
  for (int i = 0; i < 70; ++i) program.write(block);
  const auto finished = program.finish();
  EXPECT_EQ(finished.code, 2);
  EXPECT_THAT(finished.err, HasSubstr("standard input:1: the line is longer than"));
}

TEST_F(ImportCommand, TakesTheLargestEvent) {
  const std::string data = "\"" + std::string((16U << 20U) - 2, 'x') + "\"";
  EXPECT_EQ(import(event("\"data\":" + data)).code, 0);
  EXPECT_EQ(number("SELECT octet_length(data)::bigint FROM annals.events"), 16 << 20);
}

TEST_F(ImportCommand, TreatsRepeatedLinesWithoutIdAsEvents) {
  EXPECT_THAT(import(event() + event() + event()).out, HasSubstr("imported 3 events, 1 new streams"));
  EXPECT_EQ(number("SELECT version FROM annals.streams"), 3);
}

TEST_F(ImportCommand, CountsLinesThatAreThereAlready) {
  const auto once = event(R"("data":1,"version":1,"id":"01890a5d-ac96-774b-bcce-b302099a8057")");
  EXPECT_THAT(import(once + once).out, HasSubstr("imported 1 events, 1 new streams (1 already present)"));
  EXPECT_THAT(import(once).out, HasSubstr("imported 0 events, 0 new streams (1 already present)"));
  const auto other = event(R"("data":1,"version":1,"id":"01890a5d-ac96-774b-bcce-b302099a8058")");
  EXPECT_EQ(import(other).code, 4);
  EXPECT_THAT(import(other, {"--ignore-versions"}).out, HasSubstr("imported 1 events"));
  EXPECT_EQ(event_count(), 2);
}

TEST_F(ImportCommand, DryRunChecksEverythingAndKeepsNothing) {
  const auto finished = import(event() + event("\"data\":1,\"version\":2"), {"--dry-run"});
  EXPECT_EQ(finished.code, 0) << finished.err;
  EXPECT_THAT(finished.out, HasSubstr("would import 2 events, 1 new streams"));
  EXPECT_EQ(event_count(), 0);
  EXPECT_EQ(import(event("\"data\":1,\"version\":2"), {"--dry-run"}).code, 4);
}

/// The session ends while the server commits: the program cannot know, and must not say that nothing was imported.
TEST_F(ImportCommand, ClaimsNothingOfAChunkInDoubt) {
  connect().execute(R"(CREATE FUNCTION public.end_session() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $body$
                       BEGIN PERFORM pg_catalog.pg_terminate_backend(pg_catalog.pg_backend_pid()); RETURN NULL; END $body$;
                       CREATE CONSTRAINT TRIGGER end_session AFTER INSERT ON annals.events DEFERRABLE INITIALLY DEFERRED
                       FOR EACH ROW EXECUTE FUNCTION public.end_session())");
  const auto failed = import(numbered(1, 3));
  EXPECT_EQ(failed.code, 1);
  EXPECT_THAT(failed.err, HasSubstr("standard input:1-3: COMMIT"));
  EXPECT_THAT(failed.err, HasSubstr("whether these lines are in the log is not known"));
  EXPECT_THAT(failed.err, testing::Not(HasSubstr("nothing was imported")));
}

TEST_F(ImportCommand, IsRunAgainWhenItWasInterruptedOrKilled) {
  constexpr int last = 40'000;
  std::int64_t done = 0;
  for (const int signal : {SIGINT, SIGKILL}) {
    Program program{with_database({"events", "import", "-"})};
    int given = 0;
    while (event_count() == done) program.write(numbered(given + 1, given + 5'000)), given += 5'000;
    program.signal(signal);
    program.write(numbered(given + 1, given + 1));
    const auto finished = program.finish();
    EXPECT_EQ(finished.code, signal == SIGINT ? 130 : 128 + SIGKILL) << finished.err;
    while (number("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> "
                  "pg_backend_pid() AND query LIKE '%COPY%FROM STDIN%'") != 0) {
    }
    done = event_count();
    ASSERT_LT(done, last) << "it was not in the middle";
    if (signal == SIGINT) {
      EXPECT_THAT(finished.err, HasSubstr("interrupted; up to line " + std::to_string(done) + " all is imported"));
    }
  }
  const auto again = import(numbered(1, last));
  EXPECT_EQ(again.code, 0) << again.err;
  EXPECT_THAT(again.out, HasSubstr("(" + std::to_string(done) + " already present)"));
  EXPECT_EQ(event_count(), last);
  EXPECT_EQ(number("SELECT count(*) FROM annals.events WHERE version::text = convert_from(data, 'UTF8')"), last);
}

/// While a large file is imported, a reader of the log sees one chunk after the other.
TEST_F(ImportCommand, HoldsReadersOfTheLogForAChunkOnly) {
  Program program{with_database({"events", "import", "-"})};
  const eventstore::EventStore store{database_.as("writer")};
  std::set<std::int64_t> seen;
  GlobalPosition at;
  for (int given = 0; given < 40'000; given += 4'000) {
    program.write(numbered(given + 1, given + 4'000));
    at = store.read_all(at, [](const RecordedEvent&) { return true; });
    seen.insert(at.value());
  }
  program.close_input();
  EXPECT_EQ(program.finish().code, 0);
  EXPECT_EQ(event_count(), 40'000);
  EXPECT_GE(seen.size(), 3U) << "all came at once";
}

/// Two files, the second four times the first: the peak is the same, to the last byte and through the commit.
TEST_F(ImportCommand, UsesMemoryThatDoesNotGrowWithTheFile) {
  if (is_sanitized) GTEST_SKIP() << "a sanitizer keeps memory of its own beside the program's";
  const auto line = event("\"data\":\"" + std::string(4000, 'x') + "\"");
  std::string lines;
  for (int i = 0; i < 500; ++i) lines += line;
  const auto peak_of = [&](int megabytes) {
    Program program{with_database({"events", "import", "-"})};
    for (int i = 0; i < megabytes / 2; ++i) program.write(lines);
    program.close_input();
    // It only rises: what was seen last, before the process had gone, is the peak.
    std::int64_t peak = 0;
    while (const auto now = peak_memory_bytes(program.pid())) peak = now;
    EXPECT_EQ(program.finish().code, 0);
    return peak;
  };
  const auto small = peak_of(12);
  const auto large = peak_of(48);
  EXPECT_GT(small, 1 << 20);
  EXPECT_LT(large, small + (8 << 20));
  EXPECT_LT(large, 150 << 20);
}

}  // namespace
}  // namespace annals::tests
