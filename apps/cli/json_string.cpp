#include "json_string.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cstdint>
#include <iterator>

#include "annals/core/assert.hpp"
#include "json_scanner.hpp"

namespace annals::cli {
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
  std::uint32_t value = 0;
  const auto* begin = token.data() + at;
  const auto parsed = std::from_chars(begin, begin + 4, value, 16);
  ANNALS_ASSERT(parsed.ptr == begin + 4);
  return value;
}

bool is_high(std::uint32_t c) noexcept { return c >= 0xD800 && c < 0xDC00; }
bool is_low(std::uint32_t c) noexcept { return c >= 0xDC00 && c < 0xE000; }

/// Decodes the escape \uXXXX whose digits begin at `at`; returns where the text goes on.
std::size_t append_unicode(std::string& out, std::string_view token, std::size_t at) {
  const auto first = hex4(token, at);
  if (is_low(first)) throw JsonError{at, "half a surrogate pair"};
  if (!is_high(first)) {
    append_utf8(out, first);
    return at + 4;
  }
  const bool followed = token.substr(at + 4, 2) == "\\u";
  const auto second = followed ? hex4(token, at + 6) : 0;
  if (!is_low(second)) throw JsonError{at, "half a surrogate pair"};
  append_utf8(out, 0x10000 + ((first - 0xD800) << 10U) + (second - 0xDC00));
  return at + 10;
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    if (const char escape = short_escape(c)) {
      out += '\\';
      out += escape;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  out += '"';
}

std::string json_string(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

std::string decode_json_string(std::string_view token) {
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

}  // namespace annals::cli
