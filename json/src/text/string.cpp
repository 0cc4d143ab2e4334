#include "annals/json/string.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <iterator>

#include "annals/core/assert.hpp"
#include "annals/core/text.hpp"
#include "annals/core/text/number.hpp"
#include "annals/json/scanner.hpp"

namespace annals::json {
namespace {

char short_escape(char c) noexcept {
  switch (c) {
    case '"':
    case '\\': return c;
    case '\b': return 'b';
    case '\f': return 'f';
    case '\n': return 'n';
    case '\r': return 'r';
    case '\t': return 't';
    default: return 0;
  }
}

char unescaped(char c) noexcept {
  switch (c) {
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    default: return c;  // " \ /
  }
}

void append_utf8(std::string& out, std::uint32_t c) {
  const auto tail = [&](unsigned shift) { out += static_cast<char>(0x80U | ((c >> shift) & 0x3FU)); };
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xC0U | (c >> 6U));
    tail(0);
  } else if (c < 0x10000) {
    out += static_cast<char>(0xE0U | (c >> 12U));
    tail(6);
    tail(0);
  } else {
    out += static_cast<char>(0xF0U | (c >> 18U));
    tail(12);
    tail(6);
    tail(0);
  }
}

std::uint32_t hex4(std::string_view token, std::size_t at) {
  const auto value = parse_number<std::uint32_t>(token.substr(at, 4), 16);
  ANNALS_ASSERT(value.has_value());
  return *value;
}

bool is_high(std::uint32_t c) noexcept { return c >= 0xD800 && c < 0xDC00; }
bool is_low(std::uint32_t c) noexcept { return c >= 0xDC00 && c < 0xE000; }

/// Decodes the escape \uXXXX whose digits begin at `at`; returns where the text goes on.
std::size_t append_unicode(std::string& out, std::string_view token, std::size_t at) {
  const auto first = hex4(token, at);
  if (is_low(first)) throw Malformed{at, "half a surrogate pair"};
  if (!is_high(first)) {
    append_utf8(out, first);
    return at + 4;
  }
  const bool followed = token.substr(at + 4, 2) == "\\u";
  const auto second = followed ? hex4(token, at + 6) : 0;
  if (!is_low(second)) throw Malformed{at, "half a surrogate pair"};
  append_utf8(out, 0x10000 + ((first - 0xD800) << 10U) + (second - 0xDC00));
  return at + 10;
}

constexpr std::string_view replacement = "\xEF\xBF\xBD";  // U+FFFD

/// `text` is UTF-8 without NUL.
void append_escaped(std::string& out, std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (const char escape = short_escape(c)) {
      escaped += '\\';
      escaped += escape;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      fmt::format_to(std::back_inserter(escaped), "\\u{:04x}", static_cast<unsigned>(c));
    } else {
      escaped += c;
    }
  }
  out += without_terminal_controls(escaped);
}

}  // namespace

void append_string(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    const auto good = text.substr(0, invalid_text_offset(text).value_or(text.size()));
    append_escaped(out, good);
    text.remove_prefix(good.size());
    if (text.empty()) break;
    out += text.front() == '\0' ? std::string_view{"\\u0000"} : replacement;
    text.remove_prefix(1);
  }
  out += '"';
}

std::string as_string(std::string_view text) {
  std::string out;
  append_string(out, text);
  return out;
}

std::string decode_string(std::string_view token) {
  ANNALS_ASSERT(token.size() >= 2 && token.front() == '"' && token.back() == '"');
  std::string out;
  const auto end = token.size() - 1;
  for (std::size_t at = 1; at < end;) {
    if (token[at] != '\\') {
      out += token[at++];
    } else if (token[at + 1] == 'u') {
      at = append_unicode(out, token, at + 2);
    } else {
      out += unescaped(token[at + 1]);
      at += 2;
    }
  }
  return out;
}

}  // namespace annals::json
