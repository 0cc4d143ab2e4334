#include "annals/core/quote.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <memory>

#include "support/nasty_text.hpp"

namespace annals {
namespace {

using tests::expect_harmless;
using tests::nasty;

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
  EXPECT_EQ(quote_sql_identifier("order"), "\"order\"");
  EXPECT_EQ(quote_sql_identifier("a\"; DROP"), R"("a""; DROP")");
  for (const auto& text : nasty) expect_harmless(quote_sql(text));
}

}  // namespace
}  // namespace annals
