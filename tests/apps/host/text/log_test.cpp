#include "host/text/log.hpp"

#include <gmock/gmock.h>

#include "annals/core/event_id.hpp"

namespace annals::host {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

Secrets canary() {
  Secrets secrets;
  secrets.add("can\"ary");
  return secrets;
}

/// What a log of this kind writes to standard error.
std::string written(LogFormat format, const std::function<void(Log&)>& use, const std::string& level = "info") {
  ::testing::internal::CaptureStderr();
  {
    Log log{LogOptions{level, format}, canary()};
    use(log);
  }
  return ::testing::internal::GetCapturedStderr();
}

TEST(RelayLog, WritesTextWithNamedValues) {
  const auto text = written(LogFormat::text, [](Log& log) {
    log.write(Level::info, "a thing", {{"n", "1"}, {"why", "two words"}});
  });
  EXPECT_THAT(text, HasSubstr("Z info a thing n=1 why=\"two words\"\n"));
}

TEST(RelayLog, OffersCommandsForTheDatabaseOfALine) {
  for (const auto format : {LogFormat::text, LogFormat::json}) {
    const auto text = written(format, [](Log& log) {
      Log part{log, canary(), {.label = "database", .value = "shop", .command_options = "--database shop"}};
      part.write(Level::warn, "halted", {{"key", "annals relay status"}, {"hint", "see `annals relay status`"}});
      log.write(Level::warn, "halted", {{"hint", "see `annals doctor`"}});
    });
    EXPECT_THAT(text, AllOf(HasSubstr("annals relay status\""), HasSubstr("see `annals --database shop relay status`"),
                            HasSubstr("see `annals doctor`")));
  }
}

TEST(RelayLog, WritesOneJsonObjectALine) {
  const auto text = written(LogFormat::json, [](Log& log) { log.write(Level::warn, "say \"x\"", {{"why", "a\nb"}}); });
  EXPECT_THAT(text,
              AllOf(HasSubstr(R"("level":"warning","message":"say \"x\"","why":"a\nb"})"), Not(HasSubstr("a\nb"))));
}

TEST(RelayLog, EscapesControlCharactersAndRemovesSecrets) {
  for (const auto format : {LogFormat::text, LogFormat::json}) {
    const auto text = written(format, [](Log& log) {
      log.write(Level::error, "x can\"ary\x1b[2J\n\xC2\x9B",
                {{"a", "\x1b[2J\r\nfake line\xC2\x9B"}, {"b", "can\"ary"}});
    });
    EXPECT_THAT(text, AllOf(Not(HasSubstr("\x1b")), Not(HasSubstr("\xC2\x9B"))));
    EXPECT_THAT(text, AllOf(Not(HasSubstr("ary")), HasSubstr("***")));
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1);
  }
}

TEST(RelayLog, KeepsQuietBelowItsLevel) {
  EXPECT_EQ(written(
                LogFormat::text, [](Log& log) { log.write(Level::info, "x"); }, "error"),
            "");
  EXPECT_NE(written(
                LogFormat::text, [](Log& log) { log.write(Level::error, "x"); }, "error"),
            "");
}

TEST(RelayLog, WritesARepeatedLineOnce) {
  const auto text = written(LogFormat::text, [](Log& log) {
    for (int i = 0; i < 5; ++i) log.write_limited(Level::warn, "same", {{"a", "1"}});
    log.write_limited(Level::warn, "same", {{"a", "2"}});
  });
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 2);
}

TEST(RelayLog, APartHasItsLabelAndItsSecretsAndCountsItsRepetitionsAlone) {
  for (const auto format : {LogFormat::text, LogFormat::json}) {
    const auto text = written(format, [](Log& log) {
      Secrets own;
      own.add("fifteen");
      Log shop{log, own, {"database", "shop"}};
      Log crm{log, {}, {"database", "crm"}};
      shop.write_limited(Level::info, "x", {{"n", "fifteen"}});
      crm.write_limited(Level::info, "x", {{"n", "1"}});
      crm.write_limited(Level::info, "x", {{"n", "1"}});
      log.write(Level::info, "whole");
    });
    const bool json = format == LogFormat::json;
    EXPECT_THAT(text, HasSubstr(json ? R"("message":"x","database":"shop","n":"***"})" : "x database=shop n=***\n"));
    EXPECT_THAT(text, HasSubstr(json ? R"("message":"x","database":"crm","n":"1"})" : "x database=crm n=1\n"));
    EXPECT_THAT(text, HasSubstr(json ? R"("message":"whole"})" : "whole\n"));
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 3);
  }
}

}  // namespace
}  // namespace annals::host
