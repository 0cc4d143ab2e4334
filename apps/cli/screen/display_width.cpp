#include "cli/screen/display_width.hpp"

#include <clocale>
#include <cstdint>
#include <cwchar>

namespace annals::cli {
namespace {

/// The C library knows the widths of all characters, but asks the thread's locale, which belongs to the user: while one of
/// these lives, the thread has one that is always there and says UTF-8.
class Utf8Locale {
 public:
  Utf8Locale() noexcept : before_(::uselocale(utf8())) {}
  ~Utf8Locale() { ::uselocale(before_); }
  Utf8Locale(const Utf8Locale&) = delete;
  Utf8Locale& operator=(const Utf8Locale&) = delete;

 private:
  static locale_t utf8() noexcept {
    static const auto locale = ::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);  // null changes nothing
    return locale;
  }
  locale_t before_;
};

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

/// Within a Utf8Locale. What is no character that can be shown takes a column: something stands there.
std::size_t width_of(std::uint32_t character) noexcept {
  const int width = ::wcwidth(static_cast<wchar_t>(character));
  return width < 0 ? 1 : static_cast<std::size_t>(width);
}

}  // namespace

std::size_t display_width(std::string_view text) noexcept {
  const Utf8Locale utf8;
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
  const Utf8Locale utf8;
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
