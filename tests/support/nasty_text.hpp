#pragma once
#include <gtest/gtest.h>

#include <array>
#include <string>

namespace annals::tests {

/// Nothing that a terminal obeys.
inline void expect_harmless(const std::string& text) {
  for (const char c : text) EXPECT_TRUE(static_cast<unsigned char>(c) >= 0x20 && c != '\x7f') << text;
  for (const char* control : {"\xC2\x9B", "\xE2\x80\xAE", "\xE2\x81\xA6"}) {
    EXPECT_EQ(text.find(control), std::string::npos) << text;
  }
}

/// Texts that make a terminal, a shell or a server do something where they get through.
inline const std::array<std::string, 9> nasty{"\x1b[2J",
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

}  // namespace annals::tests
