#include "cli/screen/progress.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "cli/screen/age.hpp"
#include "cli/screen/display_width.hpp"

namespace annals::cli {
namespace {

constexpr double fraction_min = 0.001;  // below this an estimate says nothing

}  // namespace

Progress::Progress(std::string_view verb, bool wanted) : verb_(verb), begin_(Clock::now()), line_(wanted) {}

std::chrono::duration<double> Progress::elapsed() const { return Clock::now() - begin_; }

void Progress::show(std::size_t events, double fraction) {
  if (!line_.due()) return;
  const Done done{.events = events, .fraction = fraction, .elapsed = elapsed()};
  line_.show(progress_text(verb_, done, line_.width()));
}

std::string progress_text(std::string_view verb, const Done& done, std::size_t width) {
  const double seconds = std::max(done.elapsed.count(), 1e-3);
  const auto rate = grouped(static_cast<std::size_t>(static_cast<double>(done.events) / seconds)) + "/s";
  auto counted = fmt::format("{} {} events, {}", verb, grouped(done.events), rate);
  if (done.fraction <= fraction_min) return counted;
  const auto share = std::min(done.fraction, 1.0);
  const std::chrono::duration<double> left{seconds * (1 - share) / share};
  auto rest = fmt::format("{:.0f} %, {} left", 100 * share,
                          format_age(std::chrono::duration_cast<std::chrono::milliseconds>(left)));
  for (auto text : {fmt::format("{}, {}", counted, rest), fmt::format("{} {}, {}", verb, rate, rest),
                    fmt::format("{} {}", verb, rest)}) {
    if (display_width(text) <= width) return text;
  }
  return rest;
}

std::string grouped(std::size_t number) {
  auto digits = std::to_string(number);
  for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3) {
    digits.insert(static_cast<std::size_t>(at), ",");
  }
  return digits;
}

}  // namespace annals::cli
