#include "host/text/terminal.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>

namespace annals::host {
namespace {

constexpr std::size_t width_unknown = 80;

bool is_set(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0';
}

}  // namespace

Style Style::for_stream(std::FILE* stream) {
  return Style{is_terminal(stream) && !is_set("NO_COLOR") && !is_dumb_terminal()};
}

std::string Style::paint(std::string_view code, std::string_view text) const {
  if (!colour_) return std::string{text};
  return std::string{"\x1b["}.append(code).append("m").append(text).append("\x1b[0m");
}

bool is_terminal(std::FILE* stream) { return ::isatty(::fileno(stream)) == 1; }

bool is_dumb_terminal() { return !is_set("TERM") || std::string_view{std::getenv("TERM")} == "dumb"; }

std::optional<std::size_t> terminal_width(std::FILE* stream) {
  if (!is_terminal(stream)) return std::nullopt;
  winsize size{};
  if (::ioctl(::fileno(stream), TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return width_unknown;
  return size.ws_col;
}

}  // namespace annals::host
