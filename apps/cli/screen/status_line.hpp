#pragma once
#include <chrono>
#include <string_view>

namespace annals::cli {

/// One line on standard error that is written over and over while something takes long; never wider than the window. Where
/// TERM is "dumb" nothing can be written over: then it is a line of its own, seldom. Nothing at all unless standard error is
/// a terminal.
///
/// Lifecycle      show() as often as one likes -> the destructor wipes the line, so that what comes after it stands alone.
/// Thread safety  none.
class StatusLine {
 public:
  /// `wanted`: not while data goes to the same terminal.
  explicit StatusLine(bool wanted = true);
  ~StatusLine();
  StatusLine(const StatusLine&) = delete;
  StatusLine& operator=(const StatusLine&) = delete;

  /// Whether the line may be shown, and the last one has stood long enough. Cheap.
  [[nodiscard]] bool due() const;
  void show(std::string_view text);
  /// Columns that it has; no end of them where it is a line of its own.
  [[nodiscard]] std::size_t width() const;
  /// Of whichever line stands there, for who ends the process.
  static void wipe();

 private:
  using Clock = std::chrono::steady_clock;
  bool visible_;
  bool dumb_;
  bool shown_ = false;
  Clock::duration interval_;
  Clock::time_point next_;
};

}  // namespace annals::cli
