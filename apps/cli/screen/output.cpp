#include "cli/screen/output.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "cli/failure.hpp"

namespace annals::cli {

void Output::write(std::string_view text) {
  buffer_ += text;
  if (buffer_.size() >= buffer_bytes_max) flush();
}

void Output::flush() {
  std::string_view rest = buffer_;
  while (!rest.empty()) {
    const auto count = ::write(descriptor_, rest.data(), rest.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EPIPE) throw BrokenPipe{};
    if (count < 0)
      throw Failure{host::ExitCode::failed, fmt::format("cannot write the output: {}", std::strerror(errno))};
    rest.remove_prefix(static_cast<std::size_t>(count));
  }
  buffer_.clear();
}

bool Output::reader_gone() const noexcept {
  pollfd entry{.fd = descriptor_, .events = 0, .revents = 0};
  return ::poll(&entry, 1, 0) > 0 && (entry.revents & POLLERR) != 0;
}

}  // namespace annals::cli
