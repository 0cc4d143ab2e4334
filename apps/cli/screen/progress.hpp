#pragma once
#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

#include "cli/screen/status_line.hpp"

namespace annals::cli {

/// Count, rate, share done and time left of what handles many events, on a StatusLine. Thread safety: none.
class Progress {
 public:
  /// `wanted`: see StatusLine.
  explicit Progress(std::string_view verb, bool wanted = true);

  /// `fraction` is the part done, 0 when nobody knows. Cheap: prints a few times a second at most.
  void show(std::size_t events, double fraction);
  [[nodiscard]] std::chrono::duration<double> elapsed() const;

 private:
  using Clock = std::chrono::steady_clock;
  std::string verb_;
  Clock::time_point begin_;
  StatusLine line_;
};

struct Done {
  std::size_t events = 0;
  double fraction = 0;  ///< 0 when nobody knows
  std::chrono::duration<double> elapsed{};
};
/// "importing 1,234 events, 617/s, 25 %, 6.0 s left"; in fewer columns without the count, then without the rate, then without
/// the verb. Where nobody knows the fraction, count and rate.
[[nodiscard]] std::string progress_text(std::string_view verb, const Done& done, std::size_t width);

/// 1234567 as "1,234,567".
[[nodiscard]] std::string grouped(std::size_t number);

}  // namespace annals::cli
