#pragma once
#include <chrono>
#include <cstddef>
#include <mutex>
#include <string_view>

#include "host/text/descriptor.hpp"

namespace annals::host {

/// A file descriptor that several writers put whole lines on, although each write may take only a part of a line.
///
/// Thread safety  all methods. Ownership: borrows the descriptor.
/// Errors         those of Descriptor.
/// Limits         never blocks past its deadline on a pipe; a regular file takes what the disk takes.
class LineOutput {
 public:
  explicit LineOutput(int fd) : output_(fd) {}
  LineOutput(const LineOutput&) = delete;
  LineOutput& operator=(const LineOutput&) = delete;
  ~LineOutput() = default;

  /// Writes a prefix of `bytes`, which are complete lines or the rest of some, and returns its length: all of it
  /// unless the deadline passed. Who has begun a line is the only one that may write until it is complete.
  std::size_t write(const void* writer, std::string_view bytes, std::chrono::steady_clock::time_point deadline);
  /// Gives up what `writer` has begun: the next line starts on a new one.
  void abandon(const void* writer);
  /// False when the other end is closed.
  [[nodiscard]] bool has_reader() const noexcept { return output_.has_reader(); }

 private:
  const Descriptor output_;
  std::mutex mutex_;
  const void* inside_line_ = nullptr;
  bool torn_ = false;
};

}  // namespace annals::host
