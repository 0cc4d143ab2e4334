#include "host/text/shown.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "annals/core/text.hpp"

namespace annals::host {
namespace {

bool is_blank(char c) noexcept { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool is_control(char c) noexcept { return static_cast<unsigned char>(c) < 0x20 || c == '\x7f'; }

void append_byte(std::string& out, char c) {
  fmt::format_to(std::back_inserter(out), "\\x{:02x}", static_cast<unsigned>(static_cast<unsigned char>(c)));
}

/// `text` is UTF-8 without NUL.
void append_shown(std::string& out, std::string_view text) {
  std::string line;
  for (const char c : text) {
    const bool blank = is_blank(c);
    if (blank && c != ' ') {
      if (!line.empty() && line.back() != ' ') line += ' ';
    } else if (is_control(c) && c != '\x7f') {
      append_byte(line, c);
    } else if (!(blank && !text.empty() && line.empty() && out.empty())) {
      line += c;
    }
  }
  out += without_terminal_controls(line);
}

}  // namespace

std::string shown(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto good = text.substr(0, invalid_text_offset(text).value_or(text.size()));
    append_shown(out, good);
    text.remove_prefix(good.size());
    if (text.empty()) break;
    append_byte(out, text.front());
    text.remove_prefix(1);
  }
  return out;
}

}  // namespace annals::host
