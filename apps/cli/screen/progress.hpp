#pragma once
#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

namespace annals::cli {

/// One line on standard error that is written over and over: count, rate, share done and time left. Says nothing unless
/// standard error is a terminal. Thread safety: none.
class Progress {
 public:
  explicit Progress(std::string_view verb);
  /// Wipes the line, so that the message after it stands alone.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// `fraction` is the part done, 0 when nobody knows. Cheap: prints a few times a second at most.
  void show(std::size_t events, double fraction);
  [[nodiscard]] std::chrono::duration<double> elapsed() const;

 private:
  using Clock = std::chrono::steady_clock;
  std::string verb_;
  bool visible_;
  Clock::time_point begin_;
  Clock::time_point next_;
};

/// 1234567 as "1,234,567".
[[nodiscard]] std::string grouped(std::size_t number);

}  // namespace annals::cli
