#include "cli/screen/progress.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "cli/screen/age.hpp"

namespace annals::cli {
namespace {

constexpr double fraction_min = 0.001;  // below this an estimate says nothing

}  // namespace

Progress::Progress(std::string_view verb, bool wanted) : verb_(verb), begin_(Clock::now()), line_(wanted) {}

std::chrono::duration<double> Progress::elapsed() const { return Clock::now() - begin_; }

void Progress::show(std::size_t events, double fraction) {
  if (line_.due()) line_.show(progress_text(verb_, events, fraction, elapsed()));
}

// NOLINTNEXTLINE(bugprone-easily-swappable-parameters): a count and a share are told apart by their types
std::string progress_text(std::string_view verb, std::size_t events, double fraction,
                          std::chrono::duration<double> elapsed) {
  const double seconds = std::max(elapsed.count(), 1e-3);
  auto text = fmt::format("{} {} events, {}/s", verb, grouped(events),
                          grouped(static_cast<std::size_t>(static_cast<double>(events) / seconds)));
  if (fraction > fraction_min) {
    const auto done = std::min(fraction, 1.0);
    const std::chrono::duration<double> left{seconds * (1 - done) / done};
    text += fmt::format(", {:.0f} %, {} left", 100 * done,
                        format_age(std::chrono::duration_cast<std::chrono::milliseconds>(left)));
  }
  return text;
}

std::string grouped(std::size_t number) {
  auto digits = std::to_string(number);
  for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3) {
    digits.insert(static_cast<std::size_t>(at), ",");
  }
  return digits;
}

}  // namespace annals::cli
