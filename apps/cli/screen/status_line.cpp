#include "cli/screen/status_line.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <limits>

#include "cli/screen/display_width.hpp"
#include "host/text/terminal.hpp"

namespace annals::cli {
namespace {

constexpr std::chrono::milliseconds interval{200};
constexpr std::chrono::seconds interval_of_lines{5};  // what cannot be wiped must not fill the screen

void print(std::string_view text) {
  fmt::print(stderr, "{}", text);
  std::fflush(stderr);
}

}  // namespace

StatusLine::StatusLine(bool wanted)
    : visible_(wanted && host::is_terminal(stderr)),
      dumb_(host::is_dumb_terminal()),
      interval_(dumb_ ? Clock::duration{interval_of_lines} : Clock::duration{interval}),
      next_(Clock::now() + interval_) {}

StatusLine::~StatusLine() {
  if (shown_) wipe();
}

void StatusLine::wipe() {
  if (host::is_terminal(stderr) && !host::is_dumb_terminal()) print("\r\x1b[K");
}

bool StatusLine::due() const { return visible_ && Clock::now() >= next_; }

void StatusLine::show(std::string_view text) {
  if (!due()) return;
  next_ = Clock::now() + interval_;
  shown_ = true;
  if (dumb_) return print(fmt::format("{}\n", text));
  print(fmt::format("\r\x1b[K{}", cut_to_width(text, width())));
}

// One column less than there are: in the last one the cursor would go to the next line, which nobody wipes.
std::size_t StatusLine::width() const {
  return dumb_ ? std::numeric_limits<std::size_t>::max() : host::terminal_width(stderr).value_or(1) - 1;
}

}  // namespace annals::cli
