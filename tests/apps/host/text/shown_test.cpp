#include "host/text/shown.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <memory>

namespace annals::host {
namespace {

/// Nothing that a terminal obeys.
void expect_harmless(const std::string& text) {
  for (const char c : text) EXPECT_TRUE(static_cast<unsigned char>(c) >= 0x20 && c != '\x7f') << text;
  for (const char* control : {"\xC2\x9B", "\xE2\x80\xAE", "\xE2\x81\xA6"}) {
    EXPECT_EQ(text.find(control), std::string::npos) << text;
  }
}

const std::array<std::string, 9> nasty{"\x1b[2J",
                                       "a\xC2\x9B"
                                       "2J",
                                       "\xE2\x80\xAE"
                                       "abc",
                                       "x'; DROP TABLE y; --",
                                       "$(reboot) `id`",
                                       "a\\'b",
                                       "\xff\xfe",
                                       "two words",
                                       "\r\nhint: run me"};

TEST(Shown, IsOneHarmlessLine) {
  for (const auto& text : nasty) expect_harmless(shown(text));
  EXPECT_EQ(shown("server closed\n\tThis \"probably\" means\n"), "server closed This \"probably\" means ");
  EXPECT_EQ(shown("\x1b[2J\xff"), "\\x1b[2J\\xff");
  EXPECT_EQ(shown("é注 \\ '"), "é注 \\ '");
}

TEST(QuoteShell, IsOneWordForAShell) {
  EXPECT_EQ(quote_shell("order-42"), "order-42");
  EXPECT_EQ(quote_shell(""), "''");
  for (const auto& text : nasty) {
    expect_harmless(quote_shell(text));
    const auto command = "bash -c " + quote_shell("printf %s " + quote_shell(text));
    const std::unique_ptr<FILE, decltype(&pclose)> out{popen(command.c_str(), "r"), &pclose};
    std::array<char, 200> read{};
    const auto count = fread(read.data(), 1, read.size(), out.get());
    EXPECT_EQ(std::string(read.data(), count), text);
  }
}

TEST(QuoteSql, KeepsALiteralALiteral) {
  EXPECT_EQ(quote_sql("x'; DROP TABLE y; --"), "'x''; DROP TABLE y; --'");
  EXPECT_EQ(quote_sql("\x1b'\\"), R"(E'\x1b\'\\')");
  EXPECT_EQ(quote_sql_identifier("append_only"), "append_only");
  EXPECT_EQ(quote_sql_identifier("a\"; DROP"), R"("a""; DROP")");
  for (const auto& text : nasty) expect_harmless(quote_sql(text));
}

}  // namespace
}  // namespace annals::host
