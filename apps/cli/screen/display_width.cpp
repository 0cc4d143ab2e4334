#include "cli/screen/display_width.hpp"

#include <cstdint>

namespace annals::cli {
namespace {

struct Range {
  std::uint32_t first;
  std::uint32_t last;
};

// Blocks, not single characters: a table that is off by one column for a rare character is no harm.
constexpr Range wide[] = {{0x1100, 0x115F},   {0x2E80, 0xA4CF},   {0xAC00, 0xD7A3},  {0xF900, 0xFAFF},
                          {0xFE30, 0xFE6F},   {0xFF00, 0xFF60},   {0xFFE0, 0xFFE6},  {0x1F300, 0x1F64F},
                          {0x1F680, 0x1F6FF}, {0x1F900, 0x1FAFF}, {0x20000, 0x3FFFD}};
constexpr Range zero[] = {{0x0300, 0x036F}, {0x200B, 0x200F}, {0x202A, 0x202E}, {0x2060, 0x2064},
                          {0x20D0, 0x20FF}, {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F}};

template <std::size_t n>
bool contains(const Range (&ranges)[n], std::uint32_t character) noexcept {
  for (const auto& range : ranges) {
    if (character >= range.first && character <= range.last) return true;
  }
  return false;
}

/// Takes one character off the front; a malformed byte counts as one character.
std::string_view take(std::string_view& rest, std::uint32_t& character) noexcept {
  const auto lead = static_cast<unsigned char>(rest.front());
  std::size_t length = lead < 0xC0 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  if (length > rest.size()) length = 1;
  character = length == 1 ? lead : lead & (0xFFU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    character = (character << 6U) | (static_cast<unsigned char>(rest[i]) & 0x3FU);
  }
  const auto taken = rest.substr(0, length);
  rest.remove_prefix(length);
  return taken;
}

std::size_t width_of(std::uint32_t character) noexcept {
  if (character < 0x0300) return 1;
  return contains(zero, character) ? 0 : contains(wide, character) ? 2 : 1;
}

}  // namespace

std::size_t display_width(std::string_view text) noexcept {
  std::size_t width = 0;
  std::uint32_t character = 0;
  while (!text.empty()) {
    take(text, character);
    width += width_of(character);
  }
  return width;
}

std::string cut_to_width(std::string_view text, std::size_t width) {
  if (display_width(text) <= width) return std::string{text};
  std::string out;
  std::size_t used = 0;
  std::uint32_t character = 0;
  while (!text.empty()) {
    const auto taken = take(text, character);
    if (used + width_of(character) + 1 > width) break;
    used += width_of(character);
    out += taken;
  }
  return width == 0 ? out : out + "…";
}

}  // namespace annals::cli
