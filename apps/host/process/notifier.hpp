#pragma once
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace annals::host {

/// Tells systemd how the service is (sd_notify's datagrams, without its library). Does nothing when $NOTIFY_SOCKET is
/// not set. Thread safety: const methods.
class Notifier {
 public:
  /// From $NOTIFY_SOCKET and $WATCHDOG_USEC.
  Notifier();

  void ready() const { send("READY=1"); }
  void stopping() const { send("STOPPING=1"); }
  void alive() const { send("WATCHDOG=1"); }
  void status(std::string_view text) const;
  /// How often alive() must be called, half of what systemd waits; nothing when it does not watch.
  [[nodiscard]] std::optional<std::chrono::milliseconds> watchdog_interval() const noexcept { return interval_; }

 private:
  void send(std::string_view state) const;
  std::string socket_;
  std::optional<std::chrono::milliseconds> interval_;
};

}  // namespace annals::host
