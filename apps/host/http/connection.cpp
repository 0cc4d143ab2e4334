#include "host/http/connection.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "host/http/request.hpp"

namespace annals::host {
namespace {

/// Taken at one go, so that no connection keeps the others waiting.
constexpr std::size_t chunk_bytes = 4096;

bool is_passing(int error) noexcept { return error == EAGAIN || error == EWOULDBLOCK || error == EINTR; }

}  // namespace

Connection::~Connection() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Connection::Connection(Connection&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      deadline_(other.deadline_),
      phase_(other.phase_),
      discarded_(other.discarded_),
      buffer_(std::move(other.buffer_)) {}

Connection& Connection::operator=(Connection&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(deadline_, other.deadline_);
  std::swap(phase_, other.phase_);
  std::swap(discarded_, other.discarded_);
  buffer_.swap(other.buffer_);
  return *this;
}

short Connection::events() const noexcept { return phase_ == Phase::writing ? POLLOUT : POLLIN; }

void Connection::advance(Time now, const Respond& respond) {
  switch (phase_) {
    case Phase::reading: return read(now, respond);
    case Phase::writing: return write(now);
    case Phase::lingering: return discard();
    case Phase::done: return;
  }
}

void Connection::read(Time now, const Respond& respond) {
  std::array<char, chunk_bytes> chunk{};
  const auto count = ::recv(descriptor_, chunk.data(), std::min(chunk_bytes, request_bytes_max - buffer_.size()), 0);
  if (count < 0 && is_passing(errno)) return;
  if (count <= 0) {
    phase_ = Phase::done;
    return;
  }
  buffer_.append(chunk.data(), static_cast<std::size_t>(count));
  const bool complete = buffer_.find("\r\n\r\n") != std::string::npos;
  if (!complete && buffer_.size() < request_bytes_max) return;
  buffer_ = respond(buffer_, complete);
  deadline_ = now + patience;
  phase_ = Phase::writing;
  write(now);
}

void Connection::write(Time now) {
  const auto count = ::send(descriptor_, buffer_.data(), buffer_.size(), MSG_NOSIGNAL);
  if (count < 0 && is_passing(errno)) return;
  if (count < 0) {
    phase_ = Phase::done;
    return;
  }
  buffer_.erase(0, static_cast<std::size_t>(count));
  if (!buffer_.empty()) return;
  ::shutdown(descriptor_, SHUT_WR);
  deadline_ = now + linger;
  phase_ = Phase::lingering;
}

void Connection::discard() {
  std::array<char, chunk_bytes> chunk{};
  const auto count = ::recv(descriptor_, chunk.data(), chunk.size(), 0);
  if (count > 0) discarded_ += static_cast<std::size_t>(count);
  const bool ended = count == 0 || (count < 0 && !is_passing(errno));
  if (ended || discarded_ > linger_bytes_max) phase_ = Phase::done;
}

}  // namespace annals::host
