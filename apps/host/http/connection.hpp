#pragma once
#include <chrono>
#include <functional>
#include <string>
#include <string_view>

namespace annals::host {

/// One accepted connection: reads one request, writes one answer, and is done. Never blocks.
///
/// Lifecycle      construct (takes the descriptor) -> advance() whenever poll() says that events() are there, until done().
/// Limits         request_bytes_max, patience for the request and again for the answer; what comes after the request is
///                thrown away for a moment, so that the answer is not lost with a reset.
class Connection {
 public:
  using Time = std::chrono::steady_clock::time_point;
  /// The whole answer to a request head, or to one that grew too long before it was complete.
  using Respond = std::function<std::string(std::string_view head, bool complete)>;

  static constexpr std::chrono::seconds patience{5};
  static constexpr std::chrono::milliseconds linger{500};
  static constexpr std::size_t linger_bytes_max = 1U << 20U;  ///< thrown away at most, so that the answer is read

  Connection(int descriptor, Time now) : descriptor_(descriptor), deadline_(now + patience) {}
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  Connection(Connection&& other) noexcept;
  Connection& operator=(Connection&& other) noexcept;

  [[nodiscard]] int descriptor() const noexcept { return descriptor_; }
  [[nodiscard]] short events() const noexcept;
  [[nodiscard]] Time deadline() const noexcept { return deadline_; }
  [[nodiscard]] bool done(Time now) const noexcept { return phase_ == Phase::done || now >= deadline_; }
  void advance(Time now, const Respond& respond);

 private:
  enum class Phase { reading, writing, lingering, done };
  void read(Time now, const Respond& respond);
  void write(Time now);
  void discard();

  int descriptor_;
  Time deadline_;
  Phase phase_ = Phase::reading;
  std::size_t discarded_ = 0;
  std::string buffer_;  // the request, then what is left of the answer
};

}  // namespace annals::host
