#include "cli/screen/progress.hpp"

#include <fmt/format.h>

#include <cstdio>

#include "host/text/terminal.hpp"

namespace annals::cli {
namespace {

constexpr std::chrono::milliseconds interval{200};
constexpr double fraction_min = 0.001;  // below this an estimate says nothing

}  // namespace

Progress::Progress(std::string_view verb)
    : verb_(verb), visible_(host::is_terminal(stderr)), begin_(Clock::now()), next_(begin_ + interval) {}

Progress::~Progress() {
  if (visible_) fmt::print(stderr, "\r\x1b[K");
}

std::chrono::duration<double> Progress::elapsed() const { return Clock::now() - begin_; }

void Progress::show(std::size_t events, double fraction) {
  if (!visible_ || Clock::now() < next_) return;
  next_ = Clock::now() + interval;
  const double seconds = elapsed().count();
  auto line = fmt::format("{} {} events, {}/s", verb_, grouped(events),
                          grouped(static_cast<std::size_t>(static_cast<double>(events) / seconds)));
  if (fraction > fraction_min) {
    line += fmt::format(", {:.0f} %, {:.0f} s left", 100 * fraction, seconds * (1 - fraction) / fraction);
  }
  fmt::print(stderr, "\r\x1b[K{}", line);
  std::fflush(stderr);
}

std::string grouped(std::size_t number) {
  auto digits = std::to_string(number);
  for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3) {
    digits.insert(static_cast<std::size_t>(at), ",");
  }
  return digits;
}

}  // namespace annals::cli
