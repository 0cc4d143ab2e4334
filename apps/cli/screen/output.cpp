#include "cli/screen/output.hpp"

#include <chrono>

#include "annals/core/error.hpp"
#include "cli/failure.hpp"
#include "host/process/stop_signals.hpp"

namespace annals::cli {
namespace {

/// A terminal or a pipe may stand still for as long as it likes.
constexpr std::chrono::minutes look_again{1};

void require_not_stopped() {
  if (!host::stop_requested()) return;
  throw Failure{host::ExitCode::interrupted, "interrupted while it printed: what was printed is not all",
                "what the command had to change is changed: look at it by a command that only shows"};
}

}  // namespace

void Output::write(std::string_view text) {
  buffer_ += text;
  if (buffer_.size() >= buffer_bytes_max) flush();
}

void Output::flush() try {
  std::string_view rest = buffer_;
  while (!rest.empty()) {
    if (!descriptor_.wait_writable(std::chrono::steady_clock::now() + look_again)) {
      require_not_stopped();
      continue;
    }
    rest.remove_prefix(descriptor_.write_some(rest));
  }
  buffer_.clear();
} catch (const Error& error) {
  if (error.kind() == ErrorKind::disconnected) throw BrokenPipe{};
  throw Failure{host::ExitCode::failed, error.message(), error.hint()};
}

}  // namespace annals::cli
