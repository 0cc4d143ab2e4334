#pragma once
#include <chrono>
#include <cstddef>
#include <string_view>

namespace annals::host {

/// A file descriptor that text is written to: a terminal, a file, or a pipe whose reader may go.
///
/// Thread safety  as the descriptor's. Ownership: borrows it.
/// Errors         Error{disconnected} when nobody reads it any more, Error{failed} for anything else (disk full).
class Descriptor {
 public:
  explicit Descriptor(int fd) noexcept : fd_(fd) {}

  /// Waits until it takes something; false when it did not until then.
  [[nodiscard]] bool wait_writable(std::chrono::steady_clock::time_point deadline) const;
  /// Writes a prefix and returns its length; 0 when nothing is taken at the moment.
  [[nodiscard]] std::size_t write_some(std::string_view bytes) const;
  /// False when the other end is closed.
  [[nodiscard]] bool has_reader() const noexcept;

 private:
  int fd_;
};

}  // namespace annals::host
