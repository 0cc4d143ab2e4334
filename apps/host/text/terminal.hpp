#pragma once
#include <cstddef>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>

namespace annals::host {

/// Colours for one stream: none unless it is a terminal, NO_COLOR is unset and TERM is not "dumb".
class Style {
 public:
  [[nodiscard]] static Style for_stream(std::FILE* stream);
  [[nodiscard]] static Style plain() { return Style{false}; }

  [[nodiscard]] std::string bold(std::string_view text) const { return paint("1", text); }
  [[nodiscard]] std::string red(std::string_view text) const { return paint("31", text); }
  [[nodiscard]] std::string green(std::string_view text) const { return paint("32", text); }
  [[nodiscard]] std::string yellow(std::string_view text) const { return paint("33", text); }

 private:
  explicit Style(bool colour) : colour_(colour) {}
  [[nodiscard]] std::string paint(std::string_view code, std::string_view text) const;
  bool colour_;
};

[[nodiscard]] bool is_terminal(std::FILE* stream);
/// Whether TERM says that escape sequences mean nothing, or nothing at all.
[[nodiscard]] bool is_dumb_terminal();
/// Columns of the terminal behind `stream`; nothing when it is a file or a pipe, where nothing must be cut.
[[nodiscard]] std::optional<std::size_t> terminal_width(std::FILE* stream);

}  // namespace annals::host
