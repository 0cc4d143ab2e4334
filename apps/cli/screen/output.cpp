#include "cli/screen/output.hpp"

#include <chrono>

#include "annals/core/error.hpp"
#include "cli/failure.hpp"

namespace annals::cli {
namespace {

/// A terminal or a pipe may stand still for as long as it likes.
constexpr std::chrono::minutes look_again{1};

}  // namespace

void Output::write(std::string_view text) {
  buffer_ += text;
  if (buffer_.size() >= buffer_bytes_max) flush();
}

void Output::flush() try {
  std::string_view rest = buffer_;
  while (!rest.empty()) {
    if (!descriptor_.wait_writable(std::chrono::steady_clock::now() + look_again)) continue;
    rest.remove_prefix(descriptor_.write_some(rest));
  }
  buffer_.clear();
} catch (const Error& error) {
  if (error.kind() == ErrorKind::disconnected) throw BrokenPipe{};
  throw Failure{host::ExitCode::failed, error.message(), error.hint()};
}

}  // namespace annals::cli
