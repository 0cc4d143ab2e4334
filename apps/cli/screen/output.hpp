#pragma once
#include <cstddef>
#include <string>
#include <string_view>

#include "host/text/descriptor.hpp"

namespace annals::cli {

/// Buffered bytes to a file descriptor, standard output by default.
///
/// Lifecycle  write() -> flush(); the destructor does not flush, because it could not report what went wrong.
/// Errors     throws BrokenPipe when the reader has gone, Failure for everything else. Thread safety: none.
class Output {
 public:
  explicit Output(int descriptor = 1) noexcept : descriptor_(descriptor) {}

  void write(std::string_view text);
  void flush();
  /// Whether nobody will ever read what is written: a pipe whose other end is closed.
  [[nodiscard]] bool reader_gone() const noexcept { return !descriptor_.has_reader(); }

 private:
  static constexpr std::size_t buffer_bytes_max = 64U << 10U;
  host::Descriptor descriptor_;
  std::string buffer_;
};

}  // namespace annals::cli
