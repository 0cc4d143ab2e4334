#include "annals/core/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <numeric>
#include <utility>

#include "annals/core/error.hpp"

namespace annals {
namespace {

unsigned byte_at(std::string_view text, std::size_t at) noexcept { return static_cast<unsigned char>(text[at]); }

/// Length of the well-formed sequence at `at`, 0 when there is none (Unicode 15, table 3-7).
std::size_t sequence_length(std::string_view text, std::size_t at) noexcept {
  const auto lead = byte_at(text, at);
  if (lead < 0x80) return lead == 0 ? 0 : 1;
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() - at < length) return 0;
  const auto second = byte_at(text, at + 1);
  const unsigned low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
  const unsigned high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  if (second < low || second > high) return 0;
  for (std::size_t i = 2; i < length; ++i) {
    if ((byte_at(text, at + i) & 0xC0U) != 0x80) return 0;
  }
  return length;
}

/// The character of a well-formed sequence.
std::uint32_t character_of(std::string_view sequence) noexcept {
  const auto length = static_cast<unsigned>(sequence.size());
  std::uint32_t character = length == 1 ? byte_at(sequence, 0) : byte_at(sequence, 0) & (0xFFU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) character = (character << 6U) | (byte_at(sequence, i) & 0x3FU);
  return character;
}

/// DEL, the C1 controls and the marks that turn the direction of text: a terminal obeys them.
bool is_terminal_control(std::uint32_t character) noexcept {
  return (character >= 0x7F && character <= 0x9F) || (character >= 0x200E && character <= 0x200F) ||
         (character >= 0x202A && character <= 0x202E) || (character >= 0x2066 && character <= 0x2069);
}

void append_character(std::string& out, std::string_view sequence) {
  const auto character = character_of(sequence);
  if (is_terminal_control(character)) {
    fmt::format_to(std::back_inserter(out), "\\u{:04x}", character);
  } else {
    out += sequence;
  }
}

void append_escaped(std::string& out, char c) {
  const auto byte = static_cast<unsigned char>(c);
  if (c == '\n') {
    out += "\\n";
  } else if (c == '\t') {
    out += "\\t";
  } else if (c == '"' || c == '\\') {
    out += '\\';
    out += c;
  } else if (byte < 0x20 || byte == 0x7F) {
    out += fmt::format("\\x{:02x}", byte);
  } else {
    out += c;
  }
}

constexpr std::size_t misspelt_bytes_max = 64;

/// Insertions, deletions and replacements that turn one into the other.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0U);
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < b.size(); ++j) {
      const auto substituted = diagonal + (a[i] == b[j] ? 0U : 1U);
      diagonal = row[j + 1];
      row[j + 1] = std::min({substituted, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

}  // namespace

std::optional<std::size_t> invalid_text_offset(std::string_view text) noexcept {
  for (std::size_t at = 0; at < text.size();) {
    const auto length = sequence_length(text, at);
    if (length == 0) return at;
    at += length;
  }
  return std::nullopt;
}

std::string printable(std::string_view text, std::size_t bytes_max) {
  std::string out;
  std::size_t at = 0;
  while (at < text.size() && out.size() < bytes_max) {
    const auto length = sequence_length(text, at);
    if (length == 0) {
      out += fmt::format("\\x{:02x}", byte_at(text, at));
      ++at;
    } else if (length == 1) {
      append_escaped(out, text[at++]);
    } else {
      append_character(out, text.substr(at, length));
      at += length;
    }
  }
  if (at < text.size()) out += "...";
  return out;
}

std::string without_terminal_controls(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const auto length = sequence_length(text, at);
    if (length == 0) {
      out += text[at++];
    } else {
      append_character(out, text.substr(at, length));
      at += length;
    }
  }
  return out;
}

void require_text(std::string_view what, std::string_view text, std::size_t bytes_max) {
  if (text.empty()) throw invalid(fmt::format("{} is empty", what), "give at least one character");
  if (text.size() > bytes_max) {
    throw invalid(fmt::format("{} \"{}\" has {} bytes", what, printable(text, 40), text.size()),
                  fmt::format("at most {} bytes are allowed", bytes_max));
  }
  if (const auto offset = invalid_text_offset(text)) {
    throw invalid(fmt::format("{} \"{}\" has NUL or invalid UTF-8 at byte {}", what, printable(text, 40), *offset),
                  "use UTF-8 text without NUL; binary content belongs in the data");
  }
}

void require_identifier(std::string_view what, std::string_view name) {
  const auto is_head = [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; };
  const auto is_tail = [&](char c) { return is_head(c) || (c >= '0' && c <= '9'); };
  if (name.empty() || name.size() > 63 || !is_head(name.front()) || !std::all_of(name.begin(), name.end(), is_tail)) {
    throw invalid(fmt::format("{} \"{}\" is not a plain identifier", what, printable(name, 80)),
                  "use 1 to 63 characters of a-z, 0-9 and _, not starting with a digit");
  }
}

std::string_view nearest(std::string_view name, const std::vector<std::string_view>& names) {
  if (name.size() > misspelt_bytes_max) return {};
  std::string_view best;
  auto best_distance = std::max<std::size_t>(2, name.size() / 3) + 1;
  for (const auto candidate : names) {
    if (const auto distance = edit_distance(name, candidate); distance < best_distance) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

}  // namespace annals
